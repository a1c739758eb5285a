using System;
using System.Runtime.CompilerServices;

namespace EdgeRuntime.Kernels.Vector;

/// <inheritdoc/>
internal sealed unsafe partial class ElementwiseKernels<TLanes> : ElementwiseKernels
    where TLanes : struct, ILanes<TLanes>
{
    public override void RmsNorm(float* x, float* weight, float epsilon, float* y, int count) =>
        Normalize(x, SumOfSquares(x, count) / count, weight, epsilon, y, count);

    public override void LayerNorm(float* x, float* weight, float* bias, float epsilon, float* y, int count)
    {
        Map(new Difference(x, Sum(x, count) / count), y, count);
        Normalize(y, SumOfSquares(y, count) / count, weight, epsilon, y, count);
        if (bias is not null)
        {
            Add(bias, y, count);
        }
    }

    public override void Gate(Activation activation, float* gate, float* up, float* h, int count)
    {
        delegate*<float*, float*, float*, int, void> function = activation switch
        {
            Activation.Silu => &Gate<Silu>,
            Activation.Gelu => &Gate<Gelu>,
            Activation.Relu => &Gate<Relu>,
            Activation.ReluSquared => &Gate<ReluSquared>,
            Activation.Sigmoid => &Gate<Sigmoid>,
            _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, "no gate has this function"),
        };
        function(gate, up, h, count);
    }

    public override void Activate(Activation activation, float* x, float* y, int count)
    {
        delegate*<float*, float*, int, void> function = activation switch
        {
            Activation.Silu => &Apply<Silu>,
            Activation.Gelu => &Apply<Gelu>,
            Activation.Relu => &Apply<Relu>,
            Activation.ReluSquared => &Apply<ReluSquared>,
            Activation.Sigmoid => &Apply<Sigmoid>,
            Activation.Exp => &Apply<Exp>,
            _ => &Apply<Softplus>,
        };
        function(x, y, count);
    }

    public override void Activate(Xielu function, float* x, float* y, int count) => Map(new XieluTerm(x, function), y, count);

    public override void Cap(float* x, float cap, int count)
    {
        Scale(x, 1 / cap, count);
        Apply<Tanh>(x, x, count);
        Scale(x, cap, count);
    }

    public override void Scale(float* x, float factor, int count) => Map(new Scaled(x, factor), x, count);

    public override void Multiply(float* x, float* z, float* y, int count) => Map(new Product(x, z), y, count);

    public override void AddProduct(float* x, float* z, float* y, int count) => Map(new MultiplyAdd(x, z, y), y, count);

    public override void AddScaled(float* x, float factor, float* y, int count) => Map(new ScaleAdd(x, factor, y), y, count);

    public override void Add(float* x, float* y, int count) => Map(new Sum(y, x), y, count);

    public override float Sum(float* x, int count) => Sum(x, isSquared: false, count);

    public override float SumOfSquares(float* x, int count) => Sum(x, isSquared: true, count);

    /// <summary>y = x / sqrt(meanSquare + epsilon) * weight.</summary>
    private static void Normalize(float* x, float meanSquare, float* weight, float epsilon, float* y, int count)
    {
        float factor = 1 / float.Sqrt(meanSquare + epsilon);
        if (weight is null)
        {
            Map(new Scaled(x, factor), y, count);
        }
        else
        {
            Map(new ScaledProduct(x, factor, weight), y, count);
        }
    }

    private static void Gate<TFunction>(float* gate, float* up, float* h, int count)
        where TFunction : ILaneFunction => Map(new Gated<TFunction>(gate, up), h, count);

    private static void Apply<TFunction>(float* x, float* y, int count)
        where TFunction : ILaneFunction => Map(new Applied<TFunction>(x), y, count);

    /// <summary>y = term, element by element.</summary>
    /// <remarks>Not inlined: the compiler inlines as much of a term as the size of the method that it begins with allows.</remarks>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Map<TTerm>(TTerm term, float* y, int count)
        where TTerm : struct, ILaneTerm
    {
        nint i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
        {
            TLanes.Store(term.At<TLanes>(i), y + i);
        }

        if (i < count)
        {
            MapRest(term, i, y, count);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void MapRest<TTerm>(TTerm term, nint i, float* y, int count)
        where TTerm : struct, ILaneTerm
    {
        for (; i < count; i++)
        {
            LanesScalar.Store(term.At<LanesScalar>(i), y + i);
        }
    }

    /// <summary>
    /// Adds the elements of x, or their squares, to 16 partial sums by i mod 16, then these by <see cref="LaneMath.Reduce"/>. The last
    /// elements, fewer than 16, go to the first partial sums.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Sum(float* x, bool isSquared, int count)
    {
        float* sums = stackalloc float[LaneMath.SumLanes];
        nint whole = count & ~(LaneMath.SumLanes - 1);
        for (nint lane = 0; lane < LaneMath.SumLanes; lane += TLanes.Count)
        {
            TLanes sum = TLanes.Broadcast(0);
            for (nint i = lane; i < whole; i += LaneMath.SumLanes)
            {
                TLanes value = TLanes.Load(x + i);
                sum = isSquared ? TLanes.Fma(value, value, sum) : sum + value;
            }

            TLanes.Store(sum, sums + lane);
        }

        for (nint i = whole; i < count; i++)
        {
            sums[i - whole] = isSquared ? MathF.FusedMultiplyAdd(x[i], x[i], sums[i - whole]) : sums[i - whole] + x[i];
        }

        return LaneMath.Reduce(sums);
    }
}

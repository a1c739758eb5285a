using System.Runtime.CompilerServices;

namespace EdgeRuntime.Kernels.Vector;

/// <summary>
/// Elementwise steps of a transformer on float vectors. Results are equal to the bit for every instruction set. Immutable and free of
/// state: any number of threads may use an instance. Nothing is checked: pointers outlive the call and hold what is said.
/// </summary>
internal abstract unsafe class ElementwiseKernels
{
    /// <summary>y = x / sqrt(mean(x^2) + epsilon) * weight.</summary>
    /// <param name="x">[count].</param>
    /// <param name="weight">[count]; null for ones.</param>
    /// <param name="epsilon">Added to the mean.</param>
    /// <param name="y">[count]; may be x.</param>
    /// <param name="count">Elements, at least 1.</param>
    /// <remarks>The sum of squares is 16 fma chains by i mod 16, then <see cref="LaneMath.Reduce"/>.</remarks>
    public abstract void RmsNorm(float* x, float* weight, float epsilon, float* y, int count);

    /// <summary>y = (x - mean(x)) / sqrt(variance(x) + epsilon) * weight + bias.</summary>
    /// <param name="x">[count].</param>
    /// <param name="weight">[count]; null for ones.</param>
    /// <param name="bias">[count]; null for zeros.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="y">[count]; may be x.</param>
    /// <param name="count">Elements, at least 1.</param>
    /// <remarks>Both sums are 16 chains by i mod 16, then <see cref="LaneMath.Reduce"/>; the variance is that of x - mean(x).</remarks>
    public abstract void LayerNorm(float* x, float* weight, float* bias, float epsilon, float* y, int count);

    /// <summary>h = activation(gate) * up.</summary>
    /// <param name="activation">The function.</param>
    /// <param name="gate">[count].</param>
    /// <param name="up">[count].</param>
    /// <param name="h">[count]; may be gate or up.</param>
    /// <param name="count">Elements.</param>
    public abstract void Gate(Activation activation, float* gate, float* up, float* h, int count);

    /// <summary>y = activation(x).</summary>
    /// <param name="activation">The function.</param>
    /// <param name="x">[count].</param>
    /// <param name="y">[count]; may be x.</param>
    /// <param name="count">Elements.</param>
    public abstract void Activate(Activation activation, float* x, float* y, int count);

    /// <summary>x = cap * tanh(x / cap).</summary>
    public abstract void Cap(float* x, float cap, int count);

    /// <summary>x = x * factor.</summary>
    public abstract void Scale(float* x, float factor, int count);

    /// <summary>y = x * z.</summary>
    public abstract void Multiply(float* x, float* z, float* y, int count);

    /// <summary>y = y + x * z, with one rounding.</summary>
    public abstract void AddProduct(float* x, float* z, float* y, int count);

    /// <summary>A step of a state space: state = state * decay + input * b; returns the sum of state * c.</summary>
    /// <param name="state">[count].</param>
    /// <param name="decay">What stays of the state.</param>
    /// <param name="input">Factor of b.</param>
    /// <param name="b">[count].</param>
    /// <param name="c">[count].</param>
    /// <param name="count">Elements.</param>
    /// <remarks>The sum is 16 fma chains by i mod 16, then <see cref="LaneMath.Reduce"/>.</remarks>
    public abstract float Scan(float* state, float decay, float input, float* b, float* c, int count);

    /// <summary>y = y + x * factor, with one rounding.</summary>
    public abstract void AddScaled(float* x, float factor, float* y, int count);

    /// <summary>y += x.</summary>
    /// <param name="x">[count].</param>
    /// <param name="y">[count].</param>
    /// <param name="count">Elements.</param>
    public abstract void Add(float* x, float* y, int count);
}

/// <inheritdoc/>
internal sealed unsafe partial class ElementwiseKernels<TLanes> : ElementwiseKernels
    where TLanes : struct, ILanes<TLanes>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void RmsNorm(float* x, float* weight, float epsilon, float* y, int count)
    {
        float* sums = stackalloc float[LaneMath.SumLanes];
        SumOfSquares(x, count, sums);
        float inverse = 1 / float.Sqrt((LaneMath.Reduce(sums) / count) + epsilon);
        TLanes factor = TLanes.Broadcast(inverse);
        nint i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
        {
            TLanes normal = TLanes.Multiply(TLanes.Load(x + i), factor);
            TLanes.Store(weight is null ? normal : TLanes.Multiply(normal, TLanes.Load(weight + i)), y + i);
        }

        for (; i < count; i++)
        {
            float normal = x[i] * inverse;
            y[i] = weight is null ? normal : normal * weight[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Add(float* x, float* y, int count)
    {
        nint i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
        {
            TLanes.Store(TLanes.Add(TLanes.Load(y + i), TLanes.Load(x + i)), y + i);
        }

        for (; i < count; i++)
        {
            y[i] += x[i];
        }
    }

    /// <summary>16 partial sums; the last elements, fewer than 16, go to the first ones.</summary>
    private static void SumOfSquares(float* x, int count, float* sums)
    {
        nint whole = count & ~(LaneMath.SumLanes - 1);
        for (nint lane = 0; lane < LaneMath.SumLanes; lane += TLanes.Count)
        {
            TLanes sum = TLanes.Broadcast(0);
            for (nint i = lane; i < whole; i += LaneMath.SumLanes)
            {
                TLanes value = TLanes.Load(x + i);
                sum = TLanes.Fma(value, value, sum);
            }

            TLanes.Store(sum, sums + lane);
        }

        for (nint i = whole; i < count; i++)
        {
            sums[i - whole] = float.FusedMultiplyAdd(x[i], x[i], sums[i - whole]);
        }
    }
}

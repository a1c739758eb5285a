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

    /// <summary>h = silu(gate) * up, silu(x) = x / (1 + exp(-x)).</summary>
    /// <param name="gate">[count].</param>
    /// <param name="up">[count].</param>
    /// <param name="h">[count]; may be gate or up.</param>
    /// <param name="count">Elements.</param>
    public abstract void SwiGlu(float* gate, float* up, float* h, int count);

    /// <summary>y += x.</summary>
    /// <param name="x">[count].</param>
    /// <param name="y">[count].</param>
    /// <param name="count">Elements.</param>
    public abstract void Add(float* x, float* y, int count);
}

/// <inheritdoc/>
internal sealed unsafe class ElementwiseKernels<TLanes> : ElementwiseKernels
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
    public override void SwiGlu(float* gate, float* up, float* h, int count)
    {
        nint i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
        {
            TLanes.Store(SwiGlu(TLanes.Load(gate + i), TLanes.Load(up + i)), h + i);
        }

        for (; i < count; i++)
        {
            LanesScalar.Store(ElementwiseKernels<LanesScalar>.SwiGlu(LanesScalar.Load(gate + i), LanesScalar.Load(up + i)), h + i);
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes SwiGlu(TLanes gate, TLanes up)
    {
        TLanes negative = TLanes.Subtract(TLanes.Broadcast(0), gate);
        TLanes denominator = TLanes.Add(TLanes.Broadcast(1), LaneMath.Exp(negative));
        return TLanes.Multiply(TLanes.Divide(gate, denominator), up);
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

using System;
using System.Runtime.CompilerServices;

namespace EdgeRuntime.Kernels.Vector;

/// <summary>The elementwise functions and the layer norm.</summary>
internal sealed unsafe partial class ElementwiseKernels<TLanes>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void LayerNorm(float* x, float* weight, float* bias, float epsilon, float* y, int count)
    {
        float* sums = stackalloc float[LaneMath.SumLanes];
        Sum(x, count, sums);
        float mean = LaneMath.Reduce(sums) / count;
        Map<Subtraction>(x, mean, y, count);
        SumOfSquares(y, count, sums);
        Map<Multiplication>(y, 1 / float.Sqrt((LaneMath.Reduce(sums) / count) + epsilon), y, count);
        nint i = 0;
        for (; i <= count - TLanes.Count && weight is not null; i += TLanes.Count)
        {
            TLanes.Store(TLanes.Multiply(TLanes.Load(y + i), TLanes.Load(weight + i)), y + i);
        }

        for (; i < count && weight is not null; i++)
        {
            y[i] *= weight[i];
        }

        if (bias is not null)
        {
            Add(bias, y, count);
        }
    }

    public override void Gate(Activation activation, float* gate, float* up, float* h, int count)
    {
        switch (activation)
        {
            case Activation.Silu:
                Gate<Silu>(gate, up, h, count);
                break;
            case Activation.Gelu:
                Gate<Gelu>(gate, up, h, count);
                break;
            case Activation.Relu:
                Gate<Relu>(gate, up, h, count);
                break;
            case Activation.Sigmoid:
                Gate<Sigmoid>(gate, up, h, count);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(activation), activation, "no gate has this function");
        }
    }

    public override void Activate(Activation activation, float* x, float* y, int count)
    {
        switch (activation)
        {
            case Activation.Silu:
                Apply<Silu>(x, y, count);
                break;
            case Activation.Gelu:
                Apply<Gelu>(x, y, count);
                break;
            case Activation.Relu:
                Apply<Relu>(x, y, count);
                break;
            case Activation.ReluSquared:
                Apply<ReluSquared>(x, y, count);
                break;
            case Activation.Sigmoid:
                Apply<Sigmoid>(x, y, count);
                break;
            default:
                Softplus(x, y, count);
                break;
        }
    }

    public override void Cap(float* x, float cap, int count)
    {
        Map<Multiplication>(x, 1 / cap, x, count);
        Apply<Tanh>(x, x, count);
        Map<Multiplication>(x, cap, x, count);
    }

    public override void Scale(float* x, float factor, int count) => Map<Multiplication>(x, factor, x, count);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void AddScaled(float* x, float factor, float* y, int count)
    {
        TLanes factors = TLanes.Broadcast(factor);
        nint i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
        {
            TLanes.Store(TLanes.Fma(TLanes.Load(x + i), factors, TLanes.Load(y + i)), y + i);
        }

        for (; i < count; i++)
        {
            y[i] = float.FusedMultiplyAdd(x[i], factor, y[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Multiply(float* x, float* z, float* y, int count)
    {
        nint i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
        {
            TLanes.Store(TLanes.Multiply(TLanes.Load(x + i), TLanes.Load(z + i)), y + i);
        }

        for (; i < count; i++)
        {
            y[i] = x[i] * z[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void AddProduct(float* x, float* z, float* y, int count)
    {
        nint i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
        {
            TLanes.Store(TLanes.Fma(TLanes.Load(x + i), TLanes.Load(z + i), TLanes.Load(y + i)), y + i);
        }

        for (; i < count; i++)
        {
            y[i] = float.FusedMultiplyAdd(x[i], z[i], y[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override float Scan(float* state, float decay, float input, float* b, float* c, int count)
    {
        float* sums = stackalloc float[LaneMath.SumLanes];
        TLanes decays = TLanes.Broadcast(decay);
        TLanes inputs = TLanes.Broadcast(input);
        nint whole = count & ~(LaneMath.SumLanes - 1);
        for (nint lane = 0; lane < LaneMath.SumLanes; lane += TLanes.Count)
        {
            TLanes sum = TLanes.Broadcast(0);
            for (nint i = lane; i < whole; i += LaneMath.SumLanes)
            {
                TLanes next = TLanes.Fma(TLanes.Load(state + i), decays, TLanes.Multiply(TLanes.Load(b + i), inputs));
                TLanes.Store(next, state + i);
                sum = TLanes.Fma(next, TLanes.Load(c + i), sum);
            }

            TLanes.Store(sum, sums + lane);
        }

        for (nint i = whole; i < count; i++)
        {
            state[i] = float.FusedMultiplyAdd(state[i], decay, b[i] * input);
            sums[i - whole] = float.FusedMultiplyAdd(state[i], c[i], sums[i - whole]);
        }

        return LaneMath.Reduce(sums);
    }

    /// <summary>ln(1 + exp(x)), exact for large x; a handful of elements a token need it.</summary>
    private static void Softplus(float* x, float* y, int count)
    {
        for (int i = 0; i < count; i++)
        {
            y[i] = x[i] > 20 ? x[i] : (float)Math.Log(1.0 + LaneMath.Exp(x[i]));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Gate<TFunction>(float* gate, float* up, float* h, int count)
        where TFunction : ILaneFunction
    {
        nint i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
        {
            TLanes.Store(TLanes.Multiply(TFunction.Apply(TLanes.Load(gate + i)), TLanes.Load(up + i)), h + i);
        }

        for (; i < count; i++)
        {
            LanesScalar.Store(LanesScalar.Multiply(TFunction.Apply(LanesScalar.Load(gate + i)), LanesScalar.Load(up + i)), h + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Apply<TFunction>(float* x, float* y, int count)
        where TFunction : ILaneFunction
    {
        nint i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
        {
            TLanes.Store(TFunction.Apply(TLanes.Load(x + i)), y + i);
        }

        for (; i < count; i++)
        {
            LanesScalar.Store(TFunction.Apply(LanesScalar.Load(x + i)), y + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Map<TOperation>(float* x, float value, float* y, int count)
        where TOperation : ILaneOperation
    {
        TLanes values = TLanes.Broadcast(value);
        nint i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
        {
            TLanes.Store(TOperation.Apply(TLanes.Load(x + i), values), y + i);
        }

        for (; i < count; i++)
        {
            LanesScalar.Store(TOperation.Apply(LanesScalar.Load(x + i), LanesScalar.Broadcast(value)), y + i);
        }
    }

    /// <summary>16 partial sums; the last elements, fewer than 16, go to the first ones.</summary>
    private static void Sum(float* x, int count, float* sums)
    {
        nint whole = count & ~(LaneMath.SumLanes - 1);
        for (nint lane = 0; lane < LaneMath.SumLanes; lane += TLanes.Count)
        {
            TLanes sum = TLanes.Broadcast(0);
            for (nint i = lane; i < whole; i += LaneMath.SumLanes)
            {
                sum = TLanes.Add(sum, TLanes.Load(x + i));
            }

            TLanes.Store(sum, sums + lane);
        }

        for (nint i = whole; i < count; i++)
        {
            sums[i - whole] += x[i];
        }
    }
}

/// <summary>An operation on two lanes.</summary>
internal interface ILaneOperation
{
    static abstract TLanes Apply<TLanes>(TLanes left, TLanes right)
        where TLanes : struct, ILanes<TLanes>;
}

/// <summary>left - right.</summary>
internal readonly struct Subtraction : ILaneOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Apply<TLanes>(TLanes left, TLanes right)
        where TLanes : struct, ILanes<TLanes> => TLanes.Subtract(left, right);
}

/// <summary>left * right.</summary>
internal readonly struct Multiplication : ILaneOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Apply<TLanes>(TLanes left, TLanes right)
        where TLanes : struct, ILanes<TLanes> => TLanes.Multiply(left, right);
}

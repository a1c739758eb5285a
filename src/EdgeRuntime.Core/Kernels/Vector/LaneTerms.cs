using System.Runtime.CompilerServices;

namespace EdgeRuntime.Kernels.Vector;

/// <summary>An expression in element i of some vectors, on lanes: the same bits with every width.</summary>
internal interface ILaneTerm
{
    /// <summary>Computes the elements from i on, one in each lane.</summary>
    TLanes At<TLanes>(nint i)
        where TLanes : struct, ILanes<TLanes>;
}

/// <summary>function(x).</summary>
internal readonly unsafe struct Applied<TFunction>(float* x) : ILaneTerm
    where TFunction : ILaneFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes At<TLanes>(nint i)
        where TLanes : struct, ILanes<TLanes> => TFunction.Apply(TLanes.Load(x + i));
}

/// <summary>function(x) * z.</summary>
internal readonly unsafe struct Gated<TFunction>(float* x, float* z) : ILaneTerm
    where TFunction : ILaneFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes At<TLanes>(nint i)
        where TLanes : struct, ILanes<TLanes> => TFunction.Apply(TLanes.Load(x + i)) * TLanes.Load(z + i);
}

/// <summary>xielu(x).</summary>
/// <remarks>e^m - 1 is 2 t / (1 - t) with t = tanh(m / 2), which loses no digits near 0.</remarks>
internal readonly unsafe struct XieluTerm(float* x, Xielu function) : ILaneTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes At<TLanes>(nint i)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes value = TLanes.Load(x + i);
        TLanes linear = TLanes.Broadcast(function.Linear) * value;
        TLanes positive = TLanes.Fma(TLanes.Broadcast(function.Positive) * value, value, linear);
        TLanes bound = TLanes.Broadcast(function.Bound);
        TLanes t = LaneMath.Tanh(TLanes.IfLess(value, bound, value, bound) * TLanes.Broadcast(0.5f));
        TLanes negative = TLanes.Fma(((t + t) / (TLanes.Broadcast(1) - t)) - value, TLanes.Broadcast(function.Negative), linear);
        return TLanes.IfLess(TLanes.Broadcast(0), value, positive, negative);
    }
}

/// <summary>x + y.</summary>
internal readonly unsafe struct Sum(float* x, float* y) : ILaneTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes At<TLanes>(nint i)
        where TLanes : struct, ILanes<TLanes> => TLanes.Load(x + i) + TLanes.Load(y + i);
}

/// <summary>x - value.</summary>
internal readonly unsafe struct Difference(float* x, float value) : ILaneTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes At<TLanes>(nint i)
        where TLanes : struct, ILanes<TLanes> => TLanes.Load(x + i) - TLanes.Broadcast(value);
}

/// <summary>x * z.</summary>
internal readonly unsafe struct Product(float* x, float* z) : ILaneTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes At<TLanes>(nint i)
        where TLanes : struct, ILanes<TLanes> => TLanes.Load(x + i) * TLanes.Load(z + i);
}

/// <summary>x * factor.</summary>
internal readonly unsafe struct Scaled(float* x, float factor) : ILaneTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes At<TLanes>(nint i)
        where TLanes : struct, ILanes<TLanes> => TLanes.Load(x + i) * TLanes.Broadcast(factor);
}

/// <summary>x * factor * z.</summary>
internal readonly unsafe struct ScaledProduct(float* x, float factor, float* z) : ILaneTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes At<TLanes>(nint i)
        where TLanes : struct, ILanes<TLanes> => TLanes.Load(x + i) * TLanes.Broadcast(factor) * TLanes.Load(z + i);
}

/// <summary>fma(x, z, y).</summary>
internal readonly unsafe struct MultiplyAdd(float* x, float* z, float* y) : ILaneTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes At<TLanes>(nint i)
        where TLanes : struct, ILanes<TLanes> => TLanes.Fma(TLanes.Load(x + i), TLanes.Load(z + i), TLanes.Load(y + i));
}

/// <summary>fma(x, factor, y).</summary>
internal readonly unsafe struct ScaleAdd(float* x, float factor, float* y) : ILaneTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes At<TLanes>(nint i)
        where TLanes : struct, ILanes<TLanes> => TLanes.Fma(TLanes.Load(x + i), TLanes.Broadcast(factor), TLanes.Load(y + i));
}

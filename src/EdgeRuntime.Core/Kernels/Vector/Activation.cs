using System.Runtime.CompilerServices;

namespace EdgeRuntime.Kernels.Vector;

/// <summary>The elementwise functions of feed-forward layers.</summary>
internal enum Activation
{
    /// <summary>x / (1 + exp(-x)).</summary>
    Silu,

    /// <summary>x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.</summary>
    Gelu,

    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>max(x, 0)^2.</summary>
    ReluSquared,

    /// <summary>1 / (1 + exp(-x)).</summary>
    Sigmoid,

    /// <summary>ln(1 + exp(x)).</summary>
    Softplus,

    /// <summary>exp(x).</summary>
    Exp,
}

/// <summary>The function xIELU: positive x^2 + linear x above 0, else (e^min(x, bound) - 1 - x) negative + linear x.</summary>
/// <param name="Positive">The factor of the square above 0.</param>
/// <param name="Negative">The factor of the exponential part up to 0.</param>
/// <param name="Linear">The factor of x.</param>
/// <param name="Bound">The greatest exponent.</param>
internal readonly record struct Xielu(float Positive, float Negative, float Linear, float Bound);

/// <summary>A function of a number, on lanes: the same bits with every width.</summary>
internal interface ILaneFunction
{
    static abstract TLanes Apply<TLanes>(TLanes x)
        where TLanes : struct, ILanes<TLanes>;
}

/// <inheritdoc cref="Activation.Sigmoid"/>
internal readonly struct Sigmoid : ILaneFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Apply<TLanes>(TLanes x)
        where TLanes : struct, ILanes<TLanes> => TLanes.Broadcast(1) / Denominator(x);

    /// <summary>1 + exp(-x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Denominator<TLanes>(TLanes x)
        where TLanes : struct, ILanes<TLanes> => TLanes.Broadcast(1) + LaneMath.Exp(TLanes.Broadcast(0) - x);
}

/// <inheritdoc cref="Activation.Silu"/>
internal readonly struct Silu : ILaneFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Apply<TLanes>(TLanes x)
        where TLanes : struct, ILanes<TLanes> => x / Sigmoid.Denominator(x);
}

/// <inheritdoc cref="Activation.Gelu"/>
/// <remarks>(1 + tanh(u)) / 2 is the sigmoid of 2 u.</remarks>
internal readonly struct Gelu : ILaneFunction
{
    private const float Linear = 1.5957691216f; // 2 sqrt(2 / pi)
    private const float Cubic = 0.0713548162726f; // 0.044715 times that

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Apply<TLanes>(TLanes x)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes slope = TLanes.Fma(x * x, TLanes.Broadcast(Cubic), TLanes.Broadcast(Linear));
        return x / Sigmoid.Denominator(x * slope);
    }
}

/// <inheritdoc cref="Activation.Relu"/>
internal readonly struct Relu : ILaneFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Apply<TLanes>(TLanes x)
        where TLanes : struct, ILanes<TLanes> => TLanes.IfLess(x, TLanes.Broadcast(0), TLanes.Broadcast(0), x);
}

/// <inheritdoc cref="Activation.ReluSquared"/>
internal readonly struct ReluSquared : ILaneFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Apply<TLanes>(TLanes x)
        where TLanes : struct, ILanes<TLanes> => Relu.Apply(x) * Relu.Apply(x);
}

/// <inheritdoc cref="Activation.Softplus"/>
/// <remarks>
/// max(x, 0) + ln(1 + t) with t = exp(-|x|). ln(1 + t) is 2 atanh(s) with s = t / (t + 2), at most 1 / 3; the polynomial in s^2 was fitted
/// at the nodes of Chebyshev (relative error 2e-8 before rounding).
/// </remarks>
internal readonly struct Softplus : ILaneFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Apply<TLanes>(TLanes x)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes zero = TLanes.Broadcast(0);
        TLanes t = LaneMath.Exp(TLanes.IfLess(x, zero, x, zero - x));
        TLanes s = t / (t + TLanes.Broadcast(2));
        TLanes square = s * s;
        TLanes p = TLanes.Fma(TLanes.Broadcast(0.134257495f), square, TLanes.Broadcast(0.141183093f));
        p = TLanes.Fma(p, square, TLanes.Broadcast(0.200037807f));
        p = TLanes.Fma(p, square, TLanes.Broadcast(0.333333194f));
        TLanes half = TLanes.Fma(p * square, s, s);
        return half + half + TLanes.IfLess(zero, x, x, zero);
    }
}

/// <inheritdoc cref="LaneMath.Exp{TLanes}"/>
internal readonly struct Exp : ILaneFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Apply<TLanes>(TLanes x)
        where TLanes : struct, ILanes<TLanes> => LaneMath.Exp(x);
}

/// <inheritdoc cref="LaneMath.Tanh{TLanes}"/>
internal readonly struct Tanh : ILaneFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Apply<TLanes>(TLanes x)
        where TLanes : struct, ILanes<TLanes> => LaneMath.Tanh(x);
}

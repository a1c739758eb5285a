using System.Runtime.CompilerServices;

namespace EdgeRuntime.Kernels.Vector;

internal static unsafe partial class LaneMath
{
    // Below, 1 - 2 / (e^2x + 1) would lose digits to cancellation.
    private const float TanhPolynomialEnd = 0.625f;

    /// <summary>tanh x with a relative error below 2e-7; 1 or -1 far out, NaN for NaN.</summary>
    /// <remarks>
    /// |x| below 0.625: x + x^3 p(x^2) with p of degree 4; else 1 - 2 / (e^(2 |x|) + 1) with the sign of x.
    /// Source of both and of p: Moshier, Cephes, tanhf.c.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Tanh<TLanes>(TLanes x)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes zero = TLanes.Broadcast(0f);
        TLanes one = TLanes.Broadcast(1f);
        TLanes negated = TLanes.Subtract(zero, x);
        TLanes magnitude = TLanes.IfLess(x, zero, negated, x);

        TLanes square = TLanes.Multiply(x, x);
        TLanes p = TLanes.Fma(TLanes.Broadcast(-5.70498872745e-3f), square, TLanes.Broadcast(2.06390887954e-2f));
        p = TLanes.Fma(p, square, TLanes.Broadcast(-5.37397155531e-2f));
        p = TLanes.Fma(p, square, TLanes.Broadcast(1.33314422036e-1f));
        p = TLanes.Fma(p, square, TLanes.Broadcast(-3.33332819422e-1f));
        TLanes near = TLanes.Fma(TLanes.Multiply(p, square), x, x);

        TLanes power = Exp(TLanes.Add(magnitude, magnitude));
        TLanes far = TLanes.Subtract(one, TLanes.Divide(TLanes.Broadcast(2f), TLanes.Add(power, one)));
        far = TLanes.IfLess(x, zero, TLanes.Subtract(zero, far), far);
        return TLanes.IfLess(magnitude, TLanes.Broadcast(TanhPolynomialEnd), near, far);
    }

    /// <summary>tanh of one number, the same bits as a lane of <see cref="Tanh{TLanes}"/>.</summary>
    public static float Tanh(float x)
    {
        float result;
        LanesScalar.Store(Tanh(LanesScalar.Broadcast(x)), &result);
        return result;
    }
}

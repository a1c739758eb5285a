using System.Runtime.CompilerServices;

namespace EdgeRuntime.Kernels.Vector;

/// <summary>Mathematics on lanes that gives the same bits with every width.</summary>
internal static unsafe class LaneMath
{
    /// <summary>The number of partial sums of every sum over a vector, with every width: element i goes to partial sum i mod 16.</summary>
    public const int SumLanes = 16;

    // ln 2 in two parts: the first is 355 / 512, so that n times it is exact for the n that occur.
    private const float Log2E = 1.44269504f;
    private const float Ln2High = 0.693359375f;
    private const float Ln2Low = -2.12194440e-4f;

    // 1.5 * 2^23: adding it rounds to an integer and leaves that integer in the low bits.
    private const float Rounder = 12582912f;

    // ln(2^-126): below it the result would be subnormal, and is 0 instead. Above 88 the result is limited to e^88.
    private const float Least = -87.3365448f;
    private const float Greatest = 88f;

    // Below this, 1 - 2 / (e^2x + 1) would lose digits to cancellation.
    private const float TanhPolynomialEnd = 0.625f;

    /// <summary>
    /// e^x with a relative error below 1.2e-7; 0 below ln(2^-126) = -87.34 (also for -infinity), e^88 above 88, NaN for NaN.
    /// </summary>
    /// <remarks>
    /// x = n ln 2 + r, |r| at most ln 2 / 2; e^r = 1 + r + r^2 q(r) with q of degree 4 fitted by Remez exchange (relative
    /// error 4e-9 before rounding); 2^n goes into the exponent.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Exp<TLanes>(TLanes x)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes least = TLanes.Broadcast(Least);
        TLanes greatest = TLanes.Broadcast(Greatest);
        x = TLanes.IfLess(greatest, x, greatest, x);
        TLanes rounder = TLanes.Broadcast(Rounder);
        TLanes shifted = TLanes.Fma(x, TLanes.Broadcast(Log2E), rounder);
        TLanes n = shifted - rounder;
        TLanes r = TLanes.Fma(n, TLanes.Broadcast(-Ln2High), x);
        r = TLanes.Fma(n, TLanes.Broadcast(-Ln2Low), r);

        TLanes q = TLanes.Fma(TLanes.Broadcast(0.00138145988f), r, TLanes.Broadcast(0.00836871658f));
        q = TLanes.Fma(q, r, TLanes.Broadcast(0.041668389f));
        q = TLanes.Fma(q, r, TLanes.Broadcast(0.166665211f));
        q = TLanes.Fma(q, r, TLanes.Broadcast(0.49999994f));
        TLanes power = TLanes.Fma(q, r * r, r) + TLanes.Broadcast(1f);
        return TLanes.IfLess(x, least, TLanes.Broadcast(0f), TLanes.AddToExponent(power, shifted));
    }

    /// <summary>e^x of one number, the same bits as a lane of <see cref="Exp{TLanes}"/>.</summary>
    public static float Exp(float x) => Exp(LanesScalar.Broadcast(x)).Value;

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
        TLanes negated = zero - x;
        TLanes magnitude = TLanes.IfLess(x, zero, negated, x);

        TLanes square = x * x;
        TLanes p = TLanes.Fma(TLanes.Broadcast(-5.70498872745e-3f), square, TLanes.Broadcast(2.06390887954e-2f));
        p = TLanes.Fma(p, square, TLanes.Broadcast(-5.37397155531e-2f));
        p = TLanes.Fma(p, square, TLanes.Broadcast(1.33314422036e-1f));
        p = TLanes.Fma(p, square, TLanes.Broadcast(-3.33332819422e-1f));
        TLanes near = TLanes.Fma(p * square, x, x);

        TLanes power = Exp(magnitude + magnitude);
        TLanes far = one - (TLanes.Broadcast(2f) / (power + one));
        far = TLanes.IfLess(x, zero, zero - far, far);
        return TLanes.IfLess(magnitude, TLanes.Broadcast(TanhPolynomialEnd), near, far);
    }

    /// <summary>tanh of one number, the same bits as a lane of <see cref="Tanh{TLanes}"/>.</summary>
    public static float Tanh(float x) => Tanh(LanesScalar.Broadcast(x)).Value;

    /// <summary>Adds 16 partial sums in the order 8 + 8, 4 + 4, 2 + 2, 1 + 1.</summary>
    /// <param name="sums">[16]; overwritten.</param>
    public static float Reduce(float* sums)
    {
        for (int half = SumLanes / 2; half > 0; half /= 2)
        {
            for (int i = 0; i < half; i++)
            {
                sums[i] += sums[i + half];
            }
        }

        return sums[0];
    }
}

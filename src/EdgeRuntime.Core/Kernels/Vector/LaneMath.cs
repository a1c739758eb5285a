using System.Runtime.CompilerServices;

namespace EdgeRuntime.Kernels.Vector;

/// <summary>Mathematics on lanes that gives the same bits with every width.</summary>
internal static unsafe partial class LaneMath
{
    /// <summary>Partial sums of every sum over a vector, whatever the width: element i goes to partial sum i mod 16.</summary>
    public const int SumLanes = 16;

    // ln 2 in two parts: the first is 355 / 512, so that n times it is exact for the n that occur.
    private const float Log2E = 1.44269504f;
    private const float Ln2High = 0.693359375f;
    private const float Ln2Low = -2.12194440e-4f;

    // 1.5 * 2^23: adding it rounds to an integer and leaves that integer in the low bits.
    private const float Rounder = 12582912f;

    // ln(2^-126): below, the result would be subnormal, and is 0 instead. Above 88 it would not fit.
    private const float Least = -87.3365448f;
    private const float Greatest = 88f;

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
        TLanes n = TLanes.Subtract(shifted, rounder);
        TLanes r = TLanes.Fma(n, TLanes.Broadcast(-Ln2High), x);
        r = TLanes.Fma(n, TLanes.Broadcast(-Ln2Low), r);

        TLanes q = TLanes.Fma(TLanes.Broadcast(0.00138145988f), r, TLanes.Broadcast(0.00836871658f));
        q = TLanes.Fma(q, r, TLanes.Broadcast(0.041668389f));
        q = TLanes.Fma(q, r, TLanes.Broadcast(0.166665211f));
        q = TLanes.Fma(q, r, TLanes.Broadcast(0.49999994f));
        TLanes power = TLanes.Add(TLanes.Fma(q, TLanes.Multiply(r, r), r), TLanes.Broadcast(1f));
        return TLanes.IfLess(x, least, TLanes.Broadcast(0f), TLanes.AddToExponent(power, shifted));
    }

    /// <summary>e^x of one number, the same bits as a lane of <see cref="Exp{TLanes}"/>.</summary>
    public static float Exp(float x)
    {
        float result;
        LanesScalar.Store(Exp(LanesScalar.Broadcast(x)), &result);
        return result;
    }

    /// <summary>Adds up 16 partial sums: halves onto each other, 8 + 8, 4 + 4, 2 + 2, 1 + 1.</summary>
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

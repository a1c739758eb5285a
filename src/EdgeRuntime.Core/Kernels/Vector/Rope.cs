using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Kernels.Vector;

/// <summary>The pairs of elements of a head that are rotated together; ggml's names.</summary>
internal enum RopePairing
{
    /// <summary>(2 i, 2 i + 1).</summary>
    Norm,

    /// <summary>(i, i + rotated / 2).</summary>
    Neox,
}

/// <summary>
/// Rotary position embedding with a given table: (a, b) becomes (a cos - b sin, b cos + a sin), each product and sum
/// rounded once, so the bits are the same on every machine. Source: Su et al., "RoFormer", 2021.
/// </summary>
internal static unsafe class Rope
{
    /// <summary>Rotates the heads of one token in place.</summary>
    /// <param name="x">[heads][headLength].</param>
    /// <param name="heads">Heads.</param>
    /// <param name="headLength">Elements of a head.</param>
    /// <param name="rotated">Leading elements of each head that are rotated: even, at most headLength. The others are unchanged.</param>
    /// <param name="cos">[rotated / 2] of the token's position.</param>
    /// <param name="sin">[rotated / 2].</param>
    /// <param name="pairing">The elements that are rotated together.</param>
    public static void Apply(float* x, int heads, int headLength, int rotated, float* cos, float* sin, RopePairing pairing)
    {
        for (int head = 0; head < heads; head++)
        {
            if (pairing == RopePairing.Neox)
            {
                RotateHalves(x, x + (rotated / 2), rotated / 2, cos, sin);
            }
            else
            {
                RotatePairs(x, rotated / 2, cos, sin);
            }

            x += headLength;
        }
    }

    private static void RotateHalves(float* a, float* b, int pairs, float* cos, float* sin)
    {
        int i = 0;
        for (; i <= pairs - 4; i += 4)
        {
            var (newA, newB) = Rotate(Vector128.Load(a + i), Vector128.Load(b + i), Vector128.Load(cos + i), Vector128.Load(sin + i));
            newA.Store(a + i);
            newB.Store(b + i);
        }

        for (; i < pairs; i++)
        {
            (a[i], b[i]) = ((a[i] * cos[i]) - (b[i] * sin[i]), (b[i] * cos[i]) + (a[i] * sin[i]));
        }
    }

    private static void RotatePairs(float* x, int pairs, float* cos, float* sin)
    {
        int i = 0;
        for (; i <= pairs - 4; i += 4)
        {
            Vector128<float> low = Vector128.Load(x + (2 * i));
            Vector128<float> high = Vector128.Load(x + (2 * i) + 4);
            // Even elements go to a, odd ones to b, and back.
            Vector128<float> a = Vector128.Create(low.GetElement(0), low.GetElement(2), high.GetElement(0), high.GetElement(2));
            Vector128<float> b = Vector128.Create(low.GetElement(1), low.GetElement(3), high.GetElement(1), high.GetElement(3));
            (a, b) = Rotate(a, b, Vector128.Load(cos + i), Vector128.Load(sin + i));
            Vector128.Create(a.GetElement(0), b.GetElement(0), a.GetElement(1), b.GetElement(1)).Store(x + (2 * i));
            Vector128.Create(a.GetElement(2), b.GetElement(2), a.GetElement(3), b.GetElement(3)).Store(x + (2 * i) + 4);
        }

        for (; i < pairs; i++)
        {
            (float a, float b) = (x[2 * i], x[(2 * i) + 1]);
            (x[2 * i], x[(2 * i) + 1]) = ((a * cos[i]) - (b * sin[i]), (b * cos[i]) + (a * sin[i]));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector128<float> A, Vector128<float> B) Rotate(
        Vector128<float> a, Vector128<float> b, Vector128<float> cos, Vector128<float> sin) =>
        ((a * cos) - (b * sin), (b * cos) + (a * sin));
}

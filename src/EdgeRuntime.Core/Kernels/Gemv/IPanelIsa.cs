using System.Runtime.Intrinsics;

namespace EdgeRuntime.Kernels.Gemv;

/// <summary>
/// The vocabulary of one instruction set for packed panels: a vector with one row of the panel in each 32-bit lane, which holds
/// four bytes (quants of four columns), a pair of int16 sums, an int32 or a float. Lanes never mix.
/// </summary>
/// <typeparam name="TVector">The vector, which the kernels pass on and never look into.</typeparam>
internal unsafe interface IPanelIsa<TVector>
    where TVector : struct
{
    /// <summary>Rows of a vector: 16, 8 or 4.</summary>
    static abstract int Rows { get; }

    /// <summary>Asks for a cache line that will be read soon, at any address; nothing where there is no such instruction.</summary>
    static abstract void Prefetch(void* address);

    /// <summary>As many bytes as a vector has.</summary>
    static abstract TVector Load(void* source);

    static abstract void Store(TVector value, void* destination);

    /// <summary>Four activations of one token in every lane.</summary>
    static abstract TVector Activations(sbyte* a);

    /// <summary>Bytes: x &amp; 15.</summary>
    static abstract TVector LowNibbles(TVector x);

    /// <summary>Bytes: x &gt;&gt; 4.</summary>
    static abstract TVector HighNibbles(TVector x);

    /// <summary>Bytes: q | bit g (0..7, a constant) of the plane &lt;&lt; 4.</summary>
    static abstract TVector AddFifthBit(TVector q, TVector plane, int g);

    /// <summary>Bytes: q | bits 2 i and 2 i + 1 (i in 0..3, a constant) of the plane &lt;&lt; 4.</summary>
    static abstract TVector AddHighPair(TVector q, TVector plane, int i);

    /// <summary>Bytes: table[x], with x in 0..15.</summary>
    static abstract TVector Lookup(TVector x, Vector128<byte> table);

    /// <summary>
    /// sums + q * a, quants of at most six bits; the sums are only what <see cref="Widen"/> understands, and may be int16 pairs:
    /// good for 8 steps from zero with 4-bit quants (2 x 8 x 15 x 127 = 30 480), 4 with 5 bits (31 496), 2 with 6 (32 004).
    /// </summary>
    static abstract TVector Dot(TVector sums, TVector q, TVector a);

    /// <summary>The int32 of <see cref="Dot"/>'s sums.</summary>
    static abstract TVector Widen(TVector sums);

    /// <summary>int32: sum + (q - 128) * a, quants of eight bits.</summary>
    static abstract TVector DotSigned(TVector sum, TVector q, TVector a);

    /// <summary>int32.</summary>
    static abstract TVector Add(TVector x, TVector y);

    /// <summary>int32: sum - first * sum16[0] - second * sum16[1]; first and second are constants of at most 15 bits.</summary>
    static abstract TVector SubtractSums(TVector sum, short* sum16, int first, int second);

    /// <summary>float: a row each of finite float16.</summary>
    static abstract TVector LoadHalves(byte* source);

    /// <summary>float: a row each of unsigned bytes.</summary>
    static abstract TVector LoadBytes(byte* source);

    /// <summary>float: a row each of signed bytes.</summary>
    static abstract TVector LoadSignedBytes(byte* source);

    /// <summary>float.</summary>
    static abstract TVector Multiply(TVector x, TVector y);

    /// <summary>float: -x.</summary>
    static abstract TVector Negate(TVector x);

    /// <summary>fma((float)isum, scale * *d, acc).</summary>
    static abstract TVector AddScaled(TVector acc, TVector isum, TVector scale, float* d);

    /// <summary>fma(x, *value, acc).</summary>
    static abstract TVector AddMultiplied(TVector acc, TVector x, float* value);
}

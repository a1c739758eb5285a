using System.Runtime.Intrinsics;

namespace EdgeRuntime.Kernels.Panels;

/// <summary>
/// The vocabulary of one instruction set for panels: a vector with one row of the panel in each 32-bit lane, which holds
/// four bytes (quants of four columns), a pair of int16 sums, an int32 or a float. Lanes never mix.
/// </summary>
/// <typeparam name="TVector">The vector, which the kernels pass on and never look into.</typeparam>
internal unsafe interface IPanelIsa<TVector>
    where TVector : struct
{
    /// <summary>Rows of a vector: 16, 8 or 4.</summary>
    static abstract int Rows { get; }

    /// <summary>As many bytes as a vector has.</summary>
    static abstract TVector Load(void* source);

    static abstract void Store(TVector value, void* destination);

    /// <summary>Four activations of one token in every lane.</summary>
    static abstract TVector Activations(sbyte* a);

    /// <summary>
    /// Bytes: x moved to the left by that many bits, or to the right where it is negative, and mask. No bit that stays crosses a byte.
    /// </summary>
    /// <param name="x">The bytes.</param>
    /// <param name="left">-7 to 7, a constant.</param>
    /// <param name="mask">A constant.</param>
    static abstract TVector Field(TVector x, int left, byte mask);

    /// <summary>x | y.</summary>
    static abstract TVector Or(TVector x, TVector y);

    /// <summary>Bytes: table[x], with x in 0..15.</summary>
    static abstract TVector Lookup(TVector x, Vector128<byte> table);

    /// <summary>Bytes: a byte for each row, in all four places of its lane.</summary>
    static abstract TVector Spread(byte* source);

    /// <summary>int32.</summary>
    static abstract TVector Add(TVector x, TVector y);

    /// <summary>int32: -first * sum16[0] - second * sum16[1] in every lane; first and second are constants of at most 15 bits.</summary>
    static abstract TVector SumsTimes(int first, int second, short* sum16);

    /// <summary>int32: the lower int16 of each lane * sum16[0] + the upper one * sum16[1].</summary>
    static abstract TVector MultiplySums(TVector pairs, short* sum16);

    /// <summary>float: a row each of finite float16.</summary>
    static abstract TVector LoadHalves(byte* source);

    /// <summary>float: a row each of unsigned bytes.</summary>
    static abstract TVector LoadBytes(byte* source);

    /// <summary>float: a row each of signed bytes.</summary>
    static abstract TVector LoadSignedBytes(byte* source);

    /// <summary>float: a row each of four bits of a byte.</summary>
    /// <param name="source">The bytes.</param>
    /// <param name="shift">The lowest of the four bits: 0 or 4.</param>
    static abstract TVector LoadNibbles(byte* source, int shift);

    /// <summary>int16 pairs: the high nibble of a byte each of two lists.</summary>
    static abstract TVector LoadHighNibblePairs(byte* lower, byte* upper);

    /// <summary>
    /// float: a row each of bytes whose bits, moved to the left, are those of a float32 but for the exponent's bias; at least <paramref
    /// name="least"/>.
    /// </summary>
    /// <param name="source">The bytes.</param>
    /// <param name="left">How far: 23 for an exponent alone, 20 for four bits of exponent and three of mantissa.</param>
    /// <param name="least">Bits of the least value.</param>
    static abstract TVector LoadFloatBits(byte* source, int left, int least);

    /// <summary>float in every lane.</summary>
    static abstract TVector Broadcast(float value);

    /// <summary>float.</summary>
    static abstract TVector Multiply(TVector x, TVector y);

    /// <summary>float: fma(x, y, z).</summary>
    static abstract TVector MultiplyAdd(TVector x, TVector y, TVector z);

    /// <summary>fma((float)isum, scale * d, acc).</summary>
    static abstract TVector AddScaled(TVector acc, TVector isum, TVector scale, TVector d);

    /// <summary>fma(x, *value, acc).</summary>
    static abstract TVector AddMultiplied(TVector acc, TVector x, float* value);

    // How the set multiplies bytes, which differs between sets with vectors of one width.

    /// <summary>Tokens whose sums fit in the registers beside what a tile of expanded panels needs: 4 or 8.</summary>
    static abstract int TileTokens { get; }

    /// <summary>
    /// sums + q * a, quants of at most seven bits; the sums are only what <see cref="Widen"/> understands, and may be int16 pairs, exact
    /// for as many steps from zero as <see cref="Formats.IQuantCode"/> says.
    /// </summary>
    static abstract TVector Dot(TVector sums, TVector q, TVector a);

    /// <summary>The int32 of <see cref="Dot"/>'s sums.</summary>
    static abstract TVector Widen(TVector sums);

    /// <summary>What <see cref="Signed"/> subtracts from quants: 128, or 0 where products of unsigned bytes are exact.</summary>
    static virtual int SignedOffset => 128;

    /// <summary>Bytes: quants of eight bits less <see cref="SignedOffset"/>.</summary>
    static abstract TVector Signed(TVector q);

    /// <summary>int32: sum + w * a, with w from <see cref="Signed"/>.</summary>
    static abstract TVector DotSigned(TVector sum, TVector w, TVector a);
}

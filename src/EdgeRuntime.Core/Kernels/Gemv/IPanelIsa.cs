namespace EdgeRuntime.Kernels.Gemv;

/// <summary>
/// The vocabulary of one instruction set for packed panels: a vector with one row of the panel in each 32-bit lane, which holds
/// four bytes (quants of four columns), a pair of int16 sums, an int32 or a float. Lanes never mix.
/// </summary>
/// <typeparam name="TSelf">The vector; its contents are the implementation's own.</typeparam>
internal unsafe interface IPanelIsa<TSelf>
    where TSelf : struct, IPanelIsa<TSelf>
{
    /// <summary>Rows of a vector: 16, 8 or 4.</summary>
    static abstract int Rows { get; }

    /// <summary>As many bytes as a vector has.</summary>
    static abstract TSelf Load(void* source);

    static abstract void Store(TSelf value, void* destination);

    /// <summary>Four activations of one token in every lane.</summary>
    static abstract TSelf Activations(sbyte* a);

    /// <summary>Bytes: x &amp; 15.</summary>
    static abstract TSelf LowNibbles(TSelf x);

    /// <summary>Bytes: x &gt;&gt; 4.</summary>
    static abstract TSelf HighNibbles(TSelf x);

    /// <summary>Bytes: q | bit g (0..7, a constant) of the plane &lt;&lt; 4.</summary>
    static abstract TSelf AddFifthBit(TSelf q, TSelf plane, int g);

    /// <summary>Bytes: q | bits 2 i and 2 i + 1 (i in 0..3, a constant) of the plane &lt;&lt; 4.</summary>
    static abstract TSelf AddHighPair(TSelf q, TSelf plane, int i);

    /// <summary>
    /// sums + q * a, quants of at most six bits; the sums are only what <see cref="Widen"/> understands, and may be int16 pairs:
    /// good for 8 steps from zero with 4-bit quants (2 x 8 x 15 x 127 = 30 480), 4 with 5 bits (31 496), 2 with 6 (32 004).
    /// </summary>
    static abstract TSelf Dot(TSelf sums, TSelf q, TSelf a);

    /// <summary>The int32 of <see cref="Dot"/>'s sums.</summary>
    static abstract TSelf Widen(TSelf sums);

    /// <summary>int32: sum + (q - 128) * a, quants of eight bits.</summary>
    static abstract TSelf DotSigned(TSelf sum, TSelf q, TSelf a);

    /// <summary>int32.</summary>
    static abstract TSelf Add(TSelf x, TSelf y);

    /// <summary>int32: sum - first * sum16[0] - second * sum16[1]; first and second are constants of at most 15 bits.</summary>
    static abstract TSelf SubtractSums(TSelf sum, short* sum16, int first, int second);

    /// <summary>float: a row each of finite float16.</summary>
    static abstract TSelf LoadHalves(byte* source);

    /// <summary>float: a row each of unsigned bytes.</summary>
    static abstract TSelf LoadBytes(byte* source);

    /// <summary>float: a row each of signed bytes.</summary>
    static abstract TSelf LoadSignedBytes(byte* source);

    /// <summary>float.</summary>
    static abstract TSelf Multiply(TSelf x, TSelf y);

    /// <summary>float: -x.</summary>
    static abstract TSelf Negate(TSelf x);

    /// <summary>fma((float)isum, scale * *d, acc).</summary>
    static abstract TSelf AddScaled(TSelf acc, TSelf isum, TSelf scale, float* d);

    /// <summary>fma(x, *value, acc).</summary>
    static abstract TSelf AddMultiplied(TSelf acc, TSelf x, float* value);
}

using System;

namespace EdgeRuntime.Formats;

/// <summary>
/// The 12 bytes with eight 6-bit scales and eight 6-bit minima of a Q4_K or Q5_K super-block. The low six bits of bytes 0..3 hold scales
/// 0..3, those of bytes 4..7 hold minima 0..3. Bytes 8..11 hold the low four bits of scales 4..7 (low nibbles) and of minima 4..7 (high
/// nibbles); their upper two bits are the top two bits of bytes 0..3 (scales) and 4..7 (minima).
/// Source: ggml-quants.c <c>get_scale_min_k4</c>.
/// </summary>
internal static class SixBitScales
{
    /// <summary>Unpacks eight scales followed by eight minima.</summary>
    public static void Unpack(ReadOnlySpan<byte> packed, Span<byte> scales)
    {
        for (int i = 0; i < 4; i++)
        {
            scales[i] = (byte)(packed[i] & 63);
            scales[8 + i] = (byte)(packed[4 + i] & 63);
            scales[4 + i] = (byte)((packed[8 + i] & 15) | (packed[i] >> 6 << 4));
            scales[12 + i] = (byte)((packed[8 + i] >> 4) | (packed[4 + i] >> 6 << 4));
        }
    }

    /// <summary>Packs eight scales followed by eight minima; reverses <see cref="Unpack"/>.</summary>
    public static void Pack(ReadOnlySpan<byte> scales, Span<byte> packed)
    {
        for (int i = 0; i < 4; i++)
        {
            packed[i] = (byte)(scales[i] | (scales[4 + i] >> 4 << 6));
            packed[4 + i] = (byte)(scales[8 + i] | (scales[12 + i] >> 4 << 6));
            packed[8 + i] = (byte)((scales[4 + i] & 15) | ((scales[12 + i] & 15) << 4));
        }
    }
}

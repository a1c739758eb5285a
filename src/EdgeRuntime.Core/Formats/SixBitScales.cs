using System;

namespace EdgeRuntime.Formats;

/// <summary>
/// The 12 bytes that hold eight 6-bit scales and eight 6-bit minima of a Q4_K or Q5_K super-block: bytes 0..3 have scales 0..3,
/// bytes 4..7 minima 0..3, in their low six bits; bytes 8..11 have the low nibbles of scales (low) and minima (high) 4..7, whose
/// upper two bits are those left in bytes 0..3 and 4..7. Source: ggml-quants.c <c>get_scale_min_k4</c>.
/// </summary>
internal static class SixBitScales
{
    /// <summary>To 8 scales and then 8 minima.</summary>
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

    /// <summary>The opposite of <see cref="Unpack"/>.</summary>
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

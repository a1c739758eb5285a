using System;

namespace EdgeRuntime.Formats;

/// <summary>Quants of two bits, four in a byte: byte l holds quants l, 32 + l, 64 + l and 96 + l, the first in its lowest bits.</summary>
internal static class BitPairs
{
    /// <summary>To a quant a byte.</summary>
    /// <param name="packed">A multiple of 32 bytes; each 32 hold 128 quants.</param>
    /// <param name="quants">Four times as many.</param>
    public static void Unpack(ReadOnlySpan<byte> packed, Span<byte> quants)
    {
        for (int k = 0; k < quants.Length; k++)
        {
            quants[k] = (byte)((packed[(k / 128 * 32) + (k % 32)] >> (k % 128 / 32 * 2)) & 3);
        }
    }

    /// <summary>The opposite of <see cref="Unpack"/>; bits above the second are left out.</summary>
    public static void Pack(ReadOnlySpan<byte> quants, Span<byte> packed)
    {
        packed.Clear();
        for (int k = 0; k < quants.Length; k++)
        {
            packed[(k / 128 * 32) + (k % 32)] |= (byte)((quants[k] & 3) << (k % 128 / 32 * 2));
        }
    }
}

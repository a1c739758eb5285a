using System;

namespace EdgeRuntime.Formats;

/// <summary>2-bit quants, four per byte: byte l holds quants l, 32 + l, 64 + l and 96 + l, the first in its lowest bits.</summary>
internal static class BitPairs
{
    /// <summary>Unpacks to one byte per quant.</summary>
    /// <param name="packed">A multiple of 32 bytes; each 32 bytes hold 128 quants.</param>
    /// <param name="quants">Receives four quants per byte.</param>
    public static void Unpack(ReadOnlySpan<byte> packed, Span<byte> quants)
    {
        for (int k = 0; k < quants.Length; k++)
        {
            quants[k] = (byte)((packed[(k / 128 * 32) + (k % 32)] >> (k % 128 / 32 * 2)) & 3);
        }
    }

    /// <summary>Makes the <see cref="QuantWords"/> of packed quants.</summary>
    /// <param name="packed">A multiple of 32 bytes; each 32 bytes hold 128 quants.</param>
    /// <param name="words">Receives two words per 32 quants.</param>
    public static void Regroup(ReadOnlySpan<byte> packed, Span<uint> words)
    {
        for (int i = 0; i < packed.Length / 8; i++)
        {
            QuantWords.FromBitPairs(packed.Slice(i / 4 * 32, 32), i % 4, words.Slice(2 * i, 2));
        }
    }

    /// <summary>Packs quants; reverses <see cref="Unpack"/>. Bits above the second are ignored.</summary>
    public static void Pack(ReadOnlySpan<byte> quants, Span<byte> packed)
    {
        packed.Clear();
        for (int k = 0; k < quants.Length; k++)
        {
            packed[(k / 128 * 32) + (k % 32)] |= (byte)((quants[k] & 3) << (k % 128 / 32 * 2));
        }
    }
}

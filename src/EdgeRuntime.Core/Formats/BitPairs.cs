using System;
using System.Runtime.Intrinsics;

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

    /// <summary>Collects one bit of 256 quants: bit i of byte l is that bit of quant 32 i + l.</summary>
    /// <param name="quants">256 quants.</param>
    /// <param name="bit">The bit to collect.</param>
    /// <param name="packed">Receives 32 bytes.</param>
    public static void PackPlane(ReadOnlySpan<byte> quants, int bit, Span<byte> packed)
    {
        Vector256<byte> mask = Vector256.Create((byte)1);
        Vector256<byte> bits = default;
        for (int i = 7; i >= 0; i--)
        {
            Vector256<byte> plane = Vector256.ShiftRightLogical(Vector256.Create(quants[(32 * i)..]).AsUInt16(), bit).AsByte() & mask;
            bits = Vector256.ShiftLeft(bits.AsUInt16(), 1).AsByte() | plane;
        }

        bits.CopyTo(packed);
    }

    /// <summary>Packs quants; reverses <see cref="Unpack"/>. Bits above the second are ignored.</summary>
    public static void Pack(ReadOnlySpan<byte> quants, Span<byte> packed) => Pack(quants, shift: 0, packed);

    /// <summary>Packs two bits of each quant, the lowest of which is <paramref name="shift"/>.</summary>
    public static void Pack(ReadOnlySpan<byte> quants, int shift, Span<byte> packed)
    {
        Vector256<byte> pair = Vector256.Create((byte)3);
        for (int i = 0; i < packed.Length; i += 32)
        {
            Vector256<byte> pairs = default;
            for (int j = 3; j >= 0; j--)
            {
                Vector256<ushort> next = Vector256.Create(quants[((4 * i) + (32 * j))..]).AsUInt16();
                pairs = Vector256.ShiftLeft(pairs.AsUInt16(), 2).AsByte() | (Vector256.ShiftRightLogical(next, shift).AsByte() & pair);
            }

            pairs.CopyTo(packed[i..]);
        }
    }
}

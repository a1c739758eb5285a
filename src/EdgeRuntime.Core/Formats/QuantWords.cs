using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Formats;

/// <summary>
/// The quants of a row in the order of packed panels (<see cref="Kernels.Panels.PackedLayout"/>): 32 columns take as many four-byte words
/// as a quant has bits. <see cref="FromQuants"/> is the definition; the other methods are faster ways from the fields of specific formats.
/// </summary>
internal static class QuantWords
{
    /// <summary>The number of columns per set of words.</summary>
    public const int Columns = 32;

    private const uint Nibble = 0x0f0f0f0f;

    /// <summary>Makes the words of 32 quants.</summary>
    /// <param name="bits">1, 2, 3, 4, 5, 6 or 8.</param>
    /// <param name="quants">32 quants, one byte each.</param>
    /// <param name="words">Receives <paramref name="bits"/> words.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FromQuants(int bits, ReadOnlySpan<byte> quants, Span<uint> words)
    {
        ReadOnlySpan<uint> fours = MemoryMarshal.Cast<byte, uint>(quants)[..8];
        if (bits == 8)
        {
            fours.CopyTo(words);
            return;
        }

        int low = bits & 6;
        if (bits >= 4)
        {
            low = 4;
            for (int g = 0; g < 4; g++)
            {
                words[g] = (fours[g] & Nibble) | ((fours[g + 4] & Nibble) << 4);
            }
        }
        else if (low == 2)
        {
            Pairs(fours, 0, words);
        }

        if (bits == 6)
        {
            Pairs(fours, 4, words[4..]);
        }
        else if (bits != low)
        {
            words[low] = Singles(fours, low);
        }
    }

    /// <summary>Collects one bit of each quant.</summary>
    private static uint Singles(ReadOnlySpan<uint> fours, int shift)
    {
        uint word = 0;
        for (int g = 0; g < 8; g++)
        {
            word |= ((fours[g] >> shift) & 0x01010101) << g;
        }

        return word;
    }

    /// <summary>Collects two bits of each quant.</summary>
    private static void Pairs(ReadOnlySpan<uint> fours, int shift, Span<uint> words)
    {
        for (int p = 0; p < 2; p++)
        {
            uint word = 0;
            for (int i = 0; i < 4; i++)
            {
                word |= ((fours[(4 * p) + i] >> shift) & 0x03030303) << (2 * i);
            }

            words[p] = word;
        }
    }

    /// <summary>
    /// Makes four words each for two sets of 32 quants that share 32 bytes: the low nibbles are the first set, the high nibbles the second.
    /// </summary>
    /// <param name="nibbles">32 bytes.</param>
    /// <param name="low">Receives four words of the low nibbles.</param>
    /// <param name="high">Receives four words of the high nibbles.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FromNibbles(ReadOnlySpan<byte> nibbles, Span<uint> low, Span<uint> high)
    {
        Vector128<byte> first = Vector128.Create(nibbles[..16]);
        Vector128<byte> last = Vector128.Create(nibbles[16..]);
        Vector128<byte> lowMask = Vector128.Create((byte)0x0f);
        ((first & lowMask) | ((last & lowMask).AsUInt16() << 4).AsByte()).AsUInt32().CopyTo(low);
        (((first.AsUInt16() >>> 4).AsByte() & lowMask) | (last & ~lowMask)).AsUInt32().CopyTo(high);
    }

    /// <summary>Makes the word of fifth bits of 32 columns from one byte per column.</summary>
    /// <param name="bytes">32 bytes, one per column.</param>
    /// <param name="plane">The bit of each byte to use, 0 to 7.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint FifthBits(ReadOnlySpan<byte> bytes, int plane)
    {
        // Group g = 0..7 of four columns goes to bit g. No two groups share a bit, so the sum is the union.
        Vector128<uint> bit = Vector128.Create(0x01010101u);
        Vector128<uint> first = (Vector128.Create(bytes[..16]).AsUInt32() >>> plane) & bit;
        Vector128<uint> last = (Vector128.Create(bytes[16..]).AsUInt32() >>> plane) & bit;
        return Vector128.Sum((first * Vector128.Create(1u, 2, 4, 8)) + (last * Vector128.Create(16u, 32, 64, 128)));
    }

    /// <summary>Makes the word of fifth bits of 32 columns from one bit per column: bit 4 g + j goes to bit 8 j + g.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint FifthBits(uint bits)
    {
        // A bit's position in binary, g2 g1 g0 j1 j0, becomes j1 j0 g2 g1 g0 by four exchanges of two of these digits.
        bits = SwapPlaces(bits, 0x0000cccc, 14);
        bits = SwapPlaces(bits, 0x00aa00aa, 7);
        bits = SwapPlaces(bits, 0x0c0c0c0c, 2);
        return SwapPlaces(bits, 0x22222222, 1);
    }

    /// <summary>
    /// Makes a word of fifth and sixth bits of 16 columns from bits <paramref name="shift"/> and <paramref name="shift"/> + 1 of one byte
    /// per column.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint HighPairs(ReadOnlySpan<byte> bytes, int shift)
    {
        Vector128<uint> pairs = (Vector128.Create(bytes[..16]).AsUInt32() >>> shift) & Vector128.Create(0x03030303u);
        return Vector128.Sum(pairs * Vector128.Create(1u, 4, 16, 64));
    }

    /// <summary>Makes a word of 2-bit quants from 16 columns with two bits each: the bits of column 4 i + j go to bits 8 j + 2 i.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint FromPairs(uint pairs) => SwapPlaces(SwapPlaces(pairs, 0x00cc00cc, 6), 0x0000f0f0, 12);

    /// <summary>Spreads four 4-bit quants into the low nibbles of a word: the bits of column j go to bits 8 j.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint FromFour(uint nibbles)
    {
        nibbles = (nibbles | (nibbles << 8)) & 0x00ff00ff;
        return (nibbles | (nibbles << 4)) & Nibble;
    }

    /// <summary>Makes the words of 32 2-bit quants in the order of <see cref="BitPairs"/>.</summary>
    /// <param name="packed">32 bytes with 128 quants.</param>
    /// <param name="i">The index of the group of 32 quants, 0 to 3.</param>
    /// <param name="words">Receives two words.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FromBitPairs(ReadOnlySpan<byte> packed, int i, Span<uint> words)
    {
        words[0] = HighPairs(packed[..16], 2 * i);
        words[1] = HighPairs(packed[16..], 2 * i);
    }

    /// <summary>Exchanges the bits of a mask with the bits <paramref name="distance"/> positions higher.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint SwapPlaces(uint bits, uint mask, int distance)
    {
        uint changed = (bits ^ (bits >> distance)) & mask;
        return bits ^ changed ^ (changed << distance);
    }
}

using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Formats;

/// <summary>
/// The quants of a row as packed panels have them: 32 columns are as many words (of four bytes) as a quant has bits, in the order of
/// <see cref="Kernels.Panels.PackedLayout"/>. <see cref="FromQuants"/> defines them; the other methods are what formats do instead, from
/// their own fields and with vectors.
/// </summary>
internal static class QuantWords
{
    /// <summary>Columns that have words of their own.</summary>
    public const int Columns = 32;

    private const uint Nibble = 0x0f0f0f0f;

    /// <summary>The words of 32 quants, a byte each.</summary>
    /// <param name="bits">1, 2, 3, 4, 5, 6 or 8.</param>
    /// <param name="quants">32 quants.</param>
    /// <param name="words">Gets <paramref name="bits"/> words.</param>
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

    /// <summary>A bit of each quant.</summary>
    private static uint Singles(ReadOnlySpan<uint> fours, int shift)
    {
        uint word = 0;
        for (int g = 0; g < 8; g++)
        {
            word |= ((fours[g] >> shift) & 0x01010101) << g;
        }

        return word;
    }

    /// <summary>Two bits of each quant.</summary>
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
    /// Four words each of two times 32 quants that share their bytes: the low nibbles are the one's, the high nibbles the other's.
    /// </summary>
    /// <param name="nibbles">32 bytes.</param>
    /// <param name="low">Gets four words.</param>
    /// <param name="high">Gets four words.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FromNibbles(ReadOnlySpan<byte> nibbles, Span<uint> low, Span<uint> high)
    {
        Vector128<byte> first = Vector128.Create(nibbles[..16]);
        Vector128<byte> last = Vector128.Create(nibbles[16..]);
        Vector128<byte> lowMask = Vector128.Create((byte)0x0f);
        ((first & lowMask) | ((last & lowMask).AsUInt16() << 4).AsByte()).AsUInt32().CopyTo(low);
        (((first.AsUInt16() >>> 4).AsByte() & lowMask) | (last & ~lowMask)).AsUInt32().CopyTo(high);
    }

    /// <summary>The word of fifth bits, of 32 columns with a byte each.</summary>
    /// <param name="bytes">32 bytes, four to a word; bit <paramref name="plane"/> of each counts.</param>
    /// <param name="plane">0 to 7.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint FifthBits(ReadOnlySpan<byte> bytes, int plane)
    {
        // Of groups g = 0..7 of four columns, group g to bit g: no two meet in a bit, so the sum is the union.
        Vector128<uint> bit = Vector128.Create(0x01010101u);
        Vector128<uint> first = (Vector128.Create(bytes[..16]).AsUInt32() >>> plane) & bit;
        Vector128<uint> last = (Vector128.Create(bytes[16..]).AsUInt32() >>> plane) & bit;
        return Vector128.Sum((first * Vector128.Create(1u, 2, 4, 8)) + (last * Vector128.Create(16u, 32, 64, 128)));
    }

    /// <summary>The word of fifth bits, of 32 columns with a bit each: bit 4 g + j goes to bit 8 j + g.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint FifthBits(uint bits)
    {
        // The five bits of a bit's place, g2 g1 g0 j1 j0, become j1 j0 g2 g1 g0: four times two of them change places.
        bits = SwapPlaces(bits, 0x0000cccc, 14);
        bits = SwapPlaces(bits, 0x00aa00aa, 7);
        bits = SwapPlaces(bits, 0x0c0c0c0c, 2);
        return SwapPlaces(bits, 0x22222222, 1);
    }

    /// <summary>
    /// A word of fifth and sixth bits, of 16 columns with a byte each: bits <paramref name="shift"/> and the next of each.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint HighPairs(ReadOnlySpan<byte> bytes, int shift)
    {
        Vector128<uint> pairs = (Vector128.Create(bytes[..16]).AsUInt32() >>> shift) & Vector128.Create(0x03030303u);
        return Vector128.Sum(pairs * Vector128.Create(1u, 4, 16, 64));
    }

    /// <summary>A word of 2-bit quants, of 16 columns with two bits each: those of column 4 i + j go to bits 8 j + 2 i.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint FromPairs(uint pairs) => SwapPlaces(SwapPlaces(pairs, 0x00cc00cc, 6), 0x0000f0f0, 12);

    /// <summary>The low nibbles of a word, of 4 columns with four bits each: those of column j go to bits 8 j.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint FromFour(uint nibbles)
    {
        nibbles = (nibbles | (nibbles << 8)) & 0x00ff00ff;
        return (nibbles | (nibbles << 4)) & Nibble;
    }

    /// <summary>Words of 32 quants of two bits that lie in the order of <see cref="BitPairs"/>.</summary>
    /// <param name="packed">32 bytes.</param>
    /// <param name="i">Which quarter of their 128 quants.</param>
    /// <param name="words">Gets two words.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FromBitPairs(ReadOnlySpan<byte> packed, int i, Span<uint> words)
    {
        words[0] = HighPairs(packed[..16], 2 * i);
        words[1] = HighPairs(packed[16..], 2 * i);
    }

    /// <summary>Exchanges the bits of a mask with those that are <paramref name="distance"/> places higher.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint SwapPlaces(uint bits, uint mask, int distance)
    {
        uint changed = (bits ^ (bits >> distance)) & mask;
        return bits ^ changed ^ (changed << distance);
    }
}

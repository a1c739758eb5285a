using System;
using System.Numerics;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>
/// Steps that the IQ types share: a weight's magnitude comes from a point of a fixed grid, its sign from a bit of its own.
/// A grid's constants have one digit a coordinate, the first lowest; a digit is a place in the grid's levels.
/// </summary>
internal static class Grid
{
    /// <summary>Points of eight coordinates, from digits of two bits to one byte each.</summary>
    public static ulong[] Eights(ReadOnlySpan<byte> levels, ReadOnlySpan<ushort> points)
    {
        ulong[] grid = new ulong[points.Length];
        Expand(levels, points, 2, MemoryMarshal.AsBytes(grid.AsSpan()));
        return grid;
    }

    /// <summary>Points of four coordinates, from digits of four bits to one byte each.</summary>
    public static uint[] Fours(ReadOnlySpan<byte> levels, ReadOnlySpan<ushort> points)
    {
        uint[] grid = new uint[points.Length];
        Expand(levels, points, 4, MemoryMarshal.AsBytes(grid.AsSpan()));
        return grid;
    }

    /// <summary>Two points of four coordinates as one of eight.</summary>
    public static ulong Join(uint first, uint second) => first | ((ulong)second << 32);

    /// <summary>Eight sign bits of which seven are stored: the number of ones is even. Source: ggml-common.h <c>ksigns_iq2xs</c>.</summary>
    public static int EvenSigns(int seven) => seven | ((BitOperations.PopCount((uint)seven) & 1) << 7);

    /// <summary>Eight magnitudes with their signs.</summary>
    /// <param name="point">A byte for each magnitude, all less than 128.</param>
    /// <param name="signs">Bit k makes number k negative.</param>
    /// <param name="levels">Gets the eight.</param>
    public static void Sign(ulong point, int signs, Span<sbyte> levels)
    {
        for (int k = 0; k < 8; k++)
        {
            sbyte level = (sbyte)(point >> (8 * k));
            levels[k] = ((signs >> k) & 1) == 0 ? level : (sbyte)-level;
        }
    }

    /// <summary>32 sign bits of which 4 x 7 are stored.</summary>
    public static uint EvenSigns32(uint packed) => (uint)(EvenSigns((int)packed & 127) | (EvenSigns((int)(packed >> 7) & 127) << 8)
        | (EvenSigns((int)(packed >> 14) & 127) << 16) | (EvenSigns((int)(packed >> 21) & 127) << 24));

    /// <summary>The words of 32 quants of <see cref="Grid2Code"/>: digits of two bits, and signs as the third.</summary>
    /// <param name="first">Digits of the first 16.</param>
    /// <param name="last">Digits of the last 16.</param>
    /// <param name="signs">A bit for each.</param>
    /// <param name="words">Gets three words.</param>
    public static void Regroup(uint first, uint last, uint signs, Span<uint> words)
    {
        words[0] = QuantWords.FromPairs(first);
        words[1] = QuantWords.FromPairs(last);
        words[2] = QuantWords.FifthBits(signs);
    }

    /// <summary>
    /// Four quants of <see cref="Grid3Code"/> or <see cref="OddCode"/>, a byte each: 8 more than the digit, or 7 less it where the sign's
    /// bit is set.
    /// </summary>
    public static uint FourQuants(uint digits, uint signs) =>
        (QuantWords.FromFour(digits) | 0x08080808) ^ ((((signs & 15) * 0x00204081) & 0x01010101) * 15);

    private static void Expand(ReadOnlySpan<byte> levels, ReadOnlySpan<ushort> points, int digitBits, Span<byte> coordinates)
    {
        int count = 16 / digitBits;
        for (int i = 0; i < coordinates.Length; i++)
        {
            int digit = (points[i / count] >> (i % count * digitBits)) & ((1 << digitBits) - 1);
            coordinates[i] = levels[digit];
        }
    }
}

using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>Defines a super-block of 256 weights with magnitudes from a grid, and a 4-bit scale sc per group of weights.</summary>
/// <typeparam name="TSelf">The block structure.</typeparam>
internal interface IGridFormat<TSelf> : IQuantizedFormat<TSelf>
    where TSelf : unmanaged, IGridFormat<TSelf>
{
    /// <summary>Unpacks the signed numbers of the grid points.</summary>
    /// <param name="block">The super-block.</param>
    /// <param name="levels">Receives 256 numbers.</param>
    static abstract void Unpack(in TSelf block, Span<sbyte> levels);

    /// <summary>Extracts d and the sc of the sub-blocks.</summary>
    static abstract void ExtractScales(in TSelf block, ref BlockScales scales);
}

/// <summary>
/// Steps shared by the IQ types, which store a weight's magnitude as part of a point on a fixed grid and its sign as a separate bit. The
/// constants of a grid have one digit per coordinate, the first coordinate in the lowest bits; a digit is an index into the grid's levels.
/// </summary>
internal static class Grid
{
    /// <summary>Expands points of eight coordinates from 2-bit digits to one byte per coordinate.</summary>
    public static ulong[] ExpandEights(ReadOnlySpan<byte> levels, ReadOnlySpan<ushort> points)
    {
        ulong[] grid = new ulong[points.Length];
        Expand(levels, points, 2, MemoryMarshal.AsBytes(grid.AsSpan()));
        return grid;
    }

    /// <summary>Expands points of four coordinates from 4-bit digits to one byte per coordinate.</summary>
    public static uint[] ExpandFours(ReadOnlySpan<byte> levels, ReadOnlySpan<ushort> points)
    {
        uint[] grid = new uint[points.Length];
        Expand(levels, points, 4, MemoryMarshal.AsBytes(grid.AsSpan()));
        return grid;
    }

    /// <summary>Joins two points of four coordinates into one point of eight.</summary>
    public static ulong Join(uint first, uint second) => first | ((ulong)second << 32);

    /// <summary>Completes seven stored sign bits to eight with an even number of ones. Source: ggml-common.h <c>ksigns_iq2xs</c>.</summary>
    public static int EvenSigns(int seven) => seven | ((BitOperations.PopCount((uint)seven) & 1) << 7);

    /// <summary>Applies signs to eight magnitudes.</summary>
    /// <param name="point">One byte per magnitude, each below 128.</param>
    /// <param name="signs">Bit k makes number k negative.</param>
    /// <param name="levels">Receives eight signed numbers.</param>
    public static void ApplySigns(ulong point, int signs, Span<sbyte> levels)
    {
        for (int k = 0; k < 8; k++)
        {
            sbyte level = (sbyte)(point >> (8 * k));
            levels[k] = ((signs >> k) & 1) == 0 ? level : (sbyte)-level;
        }
    }

    /// <summary>Computes d * (sc + 1/2) * unit * level for each weight of a super-block.</summary>
    /// <param name="block">The super-block.</param>
    /// <param name="scaleWeights">The number of weights per sc.</param>
    /// <param name="unit">The factor of the type.</param>
    /// <param name="x">Receives 256 weights.</param>
    public static void Dequantize<TBlock>(in TBlock block, int scaleWeights, float unit, Span<float> x)
        where TBlock : unmanaged, IGridFormat<TBlock>
    {
        Span<sbyte> levels = stackalloc sbyte[256];
        BlockScales scales = default;
        TBlock.Unpack(in block, levels);
        TBlock.ExtractScales(in block, ref scales);
        float d = HalfBits.ToSingle(scales.D);
        for (int k = 0; k < levels.Length; k++)
        {
            x[k] = d * (0.5f + scales.SubBlocks[k / scaleWeights]) * unit * levels[k];
        }
    }

    /// <summary>Splits a super-block into the quants of a code and scales.</summary>
    /// <param name="block">The super-block.</param>
    /// <param name="quants">Receives 256 quants.</param>
    /// <param name="scales">Receives d and the sc.</param>
    /// <param name="levelUnit">The distance between the signed numbers of two adjacent levels of the code.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decompose<TBlock, TCode>(in TBlock block, Span<byte> quants, ref BlockScales scales, int levelUnit = 1)
        where TBlock : unmanaged, IGridFormat<TBlock>
        where TCode : unmanaged, IQuantCode
    {
        Span<sbyte> levels = stackalloc sbyte[256];
        TBlock.Unpack(in block, levels);
        LevelQuants<TCode>.Find(levels, quants, levelUnit);
        TBlock.ExtractScales(in block, ref scales);
    }

    /// <summary>Completes 4 x 7 stored sign bits to 32.</summary>
    public static uint EvenSigns32(uint packed) => (uint)(EvenSigns((int)packed & 127) | (EvenSigns((int)(packed >> 7) & 127) << 8)
        | (EvenSigns((int)(packed >> 14) & 127) << 16) | (EvenSigns((int)(packed >> 21) & 127) << 24));

    /// <summary>Keeps seven of every eight signs; reverses <see cref="EvenSigns32"/>.</summary>
    /// <param name="signs">One bit per weight of a super-block.</param>
    /// <param name="group">The group of 32 weights.</param>
    public static uint SevenSigns32(ReadOnlySpan<byte> signs, int group) => (uint)((signs[4 * group] & 127)
        | ((signs[(4 * group) + 1] & 127) << 7) | ((signs[(4 * group) + 2] & 127) << 14) | ((signs[(4 * group) + 3] & 127) << 21));

    /// <summary>Makes the words of 32 quants of <see cref="Grid2Code"/>: the 2-bit digits and, as the third bit, the signs.</summary>
    /// <param name="first">The digits of the first 16 quants.</param>
    /// <param name="last">The digits of the last 16 quants.</param>
    /// <param name="signs">One bit per quant.</param>
    /// <param name="words">Receives three words.</param>
    public static void Regroup(uint first, uint last, uint signs, Span<uint> words)
    {
        words[0] = QuantWords.FromPairs(first);
        words[1] = QuantWords.FromPairs(last);
        words[2] = QuantWords.FifthBits(signs);
    }

    /// <summary>
    /// Makes four quants of <see cref="Grid3Code"/> or <see cref="OddCode"/>, one byte each: 8 + digit for positive numbers, 7 - digit for
    /// negative ones.
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

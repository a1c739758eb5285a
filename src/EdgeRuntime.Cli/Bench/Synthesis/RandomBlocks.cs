using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Cli.Bench.Synthesis;

/// <summary>
/// Generates blocks of random weights with about the spread of trained weights: random quants, with scales that keep the mean at 0.
/// This is much faster than quantizing, and kernels take the same time as with real weights.
/// </summary>
internal sealed class RandomBlocks(ulong seed)
{
    /// <summary>The spread of the weights; the norms keep activations finite for any spread.</summary>
    private const double Deviation = 0.02;

    private static readonly Dictionary<TensorType, Recipe> Recipes = new()
    {
        // Floats: the sign, the lowest bit of the exponent and the mantissa are random: 2^-7 to 2^-5 in size.
        [TensorType.F32] = new(4, RandomBits: 0x80FFFFFF, FixedBits: 0x3C000000),
        [TensorType.F16] = new(4, RandomBits: 0x87FF87FF, FixedBits: 0x20002000),
        [TensorType.BF16] = new(4, RandomBits: 0x80FF80FF, FixedBits: 0x3C003C00),

        // Places of half-precision scales, with their share of the first one; then bytes that all blocks have alike.
        [TensorType.Q4_0] = new(18, Deviation / 4.6, [(0, 1)]),
        [TensorType.Q4_1] = new(20, Deviation / 4.6, [(0, 1), (2, -7.5)]),
        [TensorType.Q5_0] = new(22, Deviation / 9.2, [(0, 1)]),
        [TensorType.Q5_1] = new(24, Deviation / 9.2, [(0, 1), (2, -15.5)]),
        [TensorType.Q8_0] = new(34, Deviation / 74, [(0, 1)]),
        [TensorType.IQ4_NL] = new(18, Deviation / 69, [(0, 1)]),

        // Sub-block scales and minima of 32: 6 bits each, 12 bytes.
        [TensorType.Q4_K] = new(144, Deviation / 4.6 / 32, [(0, 1), (2, 7.5)], [(4, 8, 0xA0), (12, 4, 0)]),
        [TensorType.Q5_K] = new(176, Deviation / 9.2 / 32, [(0, 1), (2, 15.5)], [(4, 8, 0xA0), (12, 4, 0)]),
        [TensorType.Q6_K] = new(210, Deviation / 18.5 / 32, [(208, 1)], [(192, 16, 32)]),

        // Sub-block scales of 16 (48 as stored): their high bits, then the low ones.
        [TensorType.IQ4_XS] = new(136, Deviation / 69 / 16, [(0, 1)], [(2, 2, 0xFF), (4, 4, 0)]),
        [TensorType.Q3_K] = new(110, Deviation / 2.3 / 16, [(108, 1)], [(96, 8, 0), (104, 4, 0xFF)]),

        // Sub-block scales and minima of 8: 4 bits each.
        [TensorType.Q2_K] = new(84, Deviation / 1.12 / 8, [(80, 1), (82, 1.5)], [(0, 16, 0x88)]),

        // Points of grids; signs and sub-block scales are random.
        [TensorType.IQ2_XXS] = new(66, Deviation / 53, [(0, 1)]),
        [TensorType.IQ2_XS] = new(74, Deviation / 56, [(0, 1)]),
        [TensorType.IQ2_S] = new(82, Deviation / 56, [(0, 1)]),
        [TensorType.IQ3_XXS] = new(98, Deviation / 142, [(0, 1)]),
        [TensorType.IQ3_S] = new(110, Deviation / 140, [(0, 1)]),
        [TensorType.IQ1_S] = new(50, Deviation / 7.2, [(0, 1)]),
        [TensorType.IQ1_M] = new(56, Deviation / 7.2, [(48, 1)]) { HasScatteredScale = true },

        // Signs alone, and numbers of -1, 0 and 1; any byte is five numbers of TQ1_0.
        [TensorType.Q1_0] = new(18, Deviation, [(0, 1)]),
        [TensorType.Q2_0] = new(18, Deviation / 0.71, [(0, 1)]) { IsTernary = true },
        [TensorType.TQ1_0] = new(54, Deviation / 0.82, [(52, 1)]),
        [TensorType.TQ2_0] = new(66, Deviation / 0.71, [(64, 1)]) { IsTernary = true },

        // Scales of eight bits: 2^-8 and 2^-7.
        [TensorType.MXFP4] = new(17, 0, [], [(0, 1, 120)]),
        [TensorType.NVFP4] = new(36, 0, [], [(0, 4, 4)]),
    };

    private ulong _state = seed;

    /// <summary>Fills whole blocks of a type.</summary>
    /// <exception cref="ArgumentException">The number of bytes is no multiple of the block size.</exception>
    public void Fill(TensorType type, Span<byte> bytes)
    {
        Recipe recipe = Recipes[type];
        if (bytes.Length % recipe.BlockBytes != 0)
        {
            throw new ArgumentException($"{bytes.Length} bytes are no whole {type} blocks", nameof(bytes));
        }

        FillBits(bytes);
        if (recipe.RandomBits != 0)
        {
            foreach (ref uint word in MemoryMarshal.Cast<byte, uint>(bytes))
            {
                word = (word & recipe.RandomBits) | recipe.FixedBits;
            }

            return;
        }

        for (int start = 0; start < bytes.Length; start += recipe.BlockBytes)
        {
            SetScales(recipe, bytes.Slice(start, recipe.BlockBytes));
        }
    }

    private void SetScales(Recipe recipe, Span<byte> block)
    {
        if (recipe.IsTernary)
        {
            foreach (ref byte pairs in block)
            {
                // If both bits are set, the higher one is cleared: the values become 0, 1, 1 and 2.
                pairs &= (byte)~((pairs & 0x55) << 1);
            }
        }

        double scale = recipe.Scale * (0.75 + (0.5 * (Next() >> 40) / (1 << 24)));
        foreach ((int offset, double share) in recipe.Scales)
        {
            var half = (Half)(scale * share);
            if (recipe.HasScatteredScale)
            {
                Scatter(BitConverter.HalfToUInt16Bits(half), MemoryMarshal.Cast<byte, ushort>(block[offset..]));
            }
            else
            {
                BinaryPrimitives.WriteHalfLittleEndian(block[offset..], half);
            }
        }

        foreach ((int offset, int length, byte value) in recipe.FixedBytes)
        {
            block.Slice(offset, length).Fill(value);
        }
    }

    /// <summary>Puts four bits into the top of each of four integers, the lowest first.</summary>
    private static void Scatter(ushort bits, Span<ushort> words)
    {
        for (int i = 0; i < 4; i++)
        {
            words[i] = (ushort)((words[i] & 0x0FFF) | (((bits >> (4 * i)) & 15) << 12));
        }
    }

    private void FillBits(Span<byte> bytes)
    {
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = Next();
        }

        for (int i = words.Length * sizeof(ulong); i < bytes.Length; i++)
        {
            bytes[i] = (byte)(Next() >> 56);
        }
    }

    /// <summary>SplitMix64. Source: Steele, Lea, Flood: Fast splittable pseudorandom number generators (2014).</summary>
    private ulong Next()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>The rules that turn random bytes into blocks of a type.</summary>
    private sealed record Recipe(
        int BlockBytes,
        double Scale,
        (int Offset, double Share)[] Scales,
        (int Offset, int Length, byte Value)[] FixedBytes,
        uint RandomBits,
        uint FixedBits)
    {
        public Recipe(int blockBytes, uint RandomBits, uint FixedBits)
            : this(blockBytes, 0, [], [], RandomBits, FixedBits)
        {
        }

        public Recipe(
            int blockBytes, double scale, (int Offset, double Share)[] scales, (int Offset, int Length, byte Value)[]? fixedBytes = null)
            : this(blockBytes, scale, scales, fixedBytes ?? [], 0, 0)
        {
        }

        /// <summary>Gets whether quants are pairs of bits without the value 3.</summary>
        public bool IsTernary { get; init; }

        /// <summary>Gets whether the scale is stored in four parts; see <see cref="BlockIQ1_M"/>.</summary>
        public bool HasScatteredScale { get; init; }
    }
}

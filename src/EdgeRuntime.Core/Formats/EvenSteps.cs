using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Formats;

/// <summary>The rounding of Q4_0, Q4_1, Q5_0 and Q5_1: evenly spaced numbers with one scale, and in Q4_1 and Q5_1 a minimum.</summary>
internal static class EvenSteps
{
    private const int BlockWeights = 32;

    // The number of blocks that are quantized together.
    private const int Lanes = 8;

    /// <summary>Computes d * (q - steps).</summary>
    public static void DequantizeCentered(ReadOnlySpan<byte> quants, int steps, ushort d, Span<float> x)
    {
        float scale = HalfBits.ToSingle(d);
        for (int k = 0; k < quants.Length; k++)
        {
            x[k] = (quants[k] - steps) * scale;
        }
    }

    /// <summary>Computes d * q + m.</summary>
    public static void DequantizeRange(ReadOnlySpan<byte> quants, ushort d, ushort m, Span<float> x)
    {
        float scale = HalfBits.ToSingle(d);
        float min = HalfBits.ToSingle(m);
        for (int k = 0; k < quants.Length; k++)
        {
            x[k] = (quants[k] * scale) + min;
        }
    }

    /// <summary>
    /// Quantizes blocks of 32 weights. The scale maps the smallest weight to quant 0 and the largest to the largest quant; in centered
    /// types, the weight of largest magnitude to the longer end of the range.
    /// </summary>
    /// <remarks>
    /// Each step runs over eight blocks before the next one starts. The divisions are those of vectors, and the processor works on
    /// several blocks at once instead of waiting for the scale of one.
    /// </remarks>
    /// <param name="x">The finite weights of all blocks.</param>
    /// <param name="blocks">Receives the blocks.</param>
    [SkipLocalsInit]
    public static void Quantize<TBlock>(ReadOnlySpan<float> x, Span<TBlock> blocks)
        where TBlock : unmanaged, IEvenFormat<TBlock>
    {
        Span<float> leasts = stackalloc float[Lanes];
        Span<float> greatests = stackalloc float[Lanes];
        Span<float> inverses = stackalloc float[Lanes];
        Span<ushort> scales = stackalloc ushort[Lanes];
        Span<ushort> mins = stackalloc ushort[Lanes];
        for (int first = 0; first < blocks.Length; first += Lanes)
        {
            Span<TBlock> group = blocks.Slice(first, Math.Min(Lanes, blocks.Length - first));
            ReadOnlySpan<float> weights = x.Slice(first * BlockWeights, group.Length * BlockWeights);
            FindEnds<TBlock>(weights, leasts, greatests);
            Vector256<float> d = (Vector256.Create<float>(greatests) - Vector256.Create<float>(leasts)) / Range<TBlock>();
            Vector256<float> isZero = Vector256.Equals(d, default);
            Vector256.AndNot(Vector256<float>.One / d, isZero).CopyTo(inverses);
            HalfBits.FromSingles(d, scales);
            HalfBits.FromSingles(Vector256.Create<float>(leasts), mins);
            for (int b = 0; b < group.Length; b++)
            {
                Vector256<byte> quants = Round<TBlock>(weights.Slice(b * BlockWeights, BlockWeights), leasts[b], inverses[b]);
                TBlock.Store(ref group[b], scales[b], mins[b], quants);
            }
        }
    }

    /// <summary>Finds the weights that the first and the last quant stand for; 0 and the longer end in centered types.</summary>
    private static void FindEnds<TBlock>(ReadOnlySpan<float> weights, Span<float> leasts, Span<float> greatests)
        where TBlock : unmanaged, IEvenFormat<TBlock>
    {
        leasts.Clear();
        greatests.Clear();
        for (int b = 0; b < weights.Length / BlockWeights; b++)
        {
            ReadOnlySpan<float> block = weights.Slice(b * BlockWeights, BlockWeights);
            if (TBlock.IsCentered)
            {
                greatests[b] = Magnitudes.Greatest(block);
            }
            else
            {
                (leasts[b], greatests[b]) = Magnitudes.Range(block);
            }
        }
    }

    /// <summary>Gets the number of steps between the ends; negative in centered types, whose longer end is the lower one.</summary>
    private static float Range<TBlock>()
        where TBlock : unmanaged, IEvenFormat<TBlock> => TBlock.IsCentered ? -Center<TBlock>() : TBlock.MaxQuant;

    private static int Center<TBlock>()
        where TBlock : unmanaged, IEvenFormat<TBlock> => (TBlock.MaxQuant + 1) / 2;

    /// <summary>Rounds 32 weights to quants of at most <see cref="IEvenFormat{T}.MaxQuant"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Round<TBlock>(ReadOnlySpan<float> x, float least, float inverse)
        where TBlock : unmanaged, IEvenFormat<TBlock>
    {
        float shift = TBlock.IsCentered ? Center<TBlock>() + 0.5f : 0.5f;
        Vector256<short> lower = Vector256.Narrow(
            Round(x, least, inverse, shift, TBlock.MaxQuant), Round(x[8..], least, inverse, shift, TBlock.MaxQuant));
        Vector256<short> upper = Vector256.Narrow(
            Round(x[16..], least, inverse, shift, TBlock.MaxQuant), Round(x[24..], least, inverse, shift, TBlock.MaxQuant));
        return Vector256.Narrow(lower, upper).AsByte();
    }

    /// <summary>Computes (x - least) * inverse + shift without its fraction, but at most max.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Round(ReadOnlySpan<float> x, float least, float inverse, float shift, float max)
    {
        Vector256<float> shifted = ((Vector256.Create(x) - Vector256.Create(least)) * inverse) + Vector256.Create(shift);
        return Vector256.ConvertToInt32Native(Vector256.MinNative(shifted, Vector256.Create(max)));
    }
}

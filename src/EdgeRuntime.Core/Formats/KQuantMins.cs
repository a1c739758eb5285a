using System;

namespace EdgeRuntime.Formats;

/// <summary>Steps shared by Q4_K and Q5_K, which have a 6-bit scale and minimum per 32 weights of a super-block.</summary>
internal static class KQuantMins
{
    /// <summary>Extracts the scales of a Q4_K or Q5_K block from its fields.</summary>
    public static void ExtractScales(ushort d, ushort dmin, ReadOnlySpan<byte> sixBits, ref BlockScales scales)
    {
        SixBitScales.Unpack(sixBits, scales.SubBlocks);
        scales.D = d;
        scales.Min = dmin;
    }

    /// <summary>Computes the weights of a Q4_K or Q5_K block from its quants and the scales of <see cref="ExtractScales"/>.</summary>
    public static void Dequantize(ReadOnlySpan<byte> quants, in BlockScales scales, Span<float> x)
    {
        float d = HalfBits.ToSingle(scales.D);
        float dmin = HalfBits.ToSingle(scales.Min);
        for (int k = 0; k < quants.Length; k++)
        {
            x[k] = (d * scales.SubBlocks[k / 32] * quants[k]) - (dmin * scales.SubBlocks[8 + (k / 32)]);
        }
    }
}

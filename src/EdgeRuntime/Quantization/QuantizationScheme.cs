using System;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Quantization;

/// <summary>The weights that share a scale.</summary>
public enum ScaleGranularity
{
    /// <summary>All weights of a tensor.</summary>
    Tensor,

    /// <summary>The weights of a row, which is an output channel of a matrix.</summary>
    Row,

    /// <summary>Neighboring weights of a row.</summary>
    Group,
}

/// <summary>
/// Describes plain rounding to evenly spaced numbers, as textbooks have it: the scale maps the range of the weights to the range of the
/// numbers, without a search. Scales and minima are F16.
/// </summary>
/// <param name="Bits">The number of bits of a quant, 2 to 8.</param>
/// <param name="Granularity">The weights that share a scale.</param>
/// <param name="IsSymmetric">
/// Whether the numbers are 0 and as many on both sides, with a scale alone; otherwise they go from the least weight to the greatest, with
/// a scale and a minimum.
/// </param>
public sealed record QuantizationScheme(int Bits, ScaleGranularity Granularity, bool IsSymmetric)
{
    private const int ScaleBits = 16;

    /// <summary>Computes the number of bits per weight with the scales and the minima.</summary>
    /// <param name="rows">The number of rows.</param>
    /// <param name="columns">The number of weights per row.</param>
    /// <param name="groupSize">The number of weights of a group.</param>
    internal double BitsPerWeight(long rows, int columns, int groupSize)
    {
        double scales = Granularity switch
        {
            ScaleGranularity.Tensor => 1,
            ScaleGranularity.Row => rows,
            _ => rows * Math.Ceiling((double)columns / groupSize),
        };
        return Bits + (scales * ScaleBits * (IsSymmetric ? 1 : 2) / ((double)rows * columns));
    }

    /// <summary>Computes the numbers that weights in a range are rounded to.</summary>
    internal EvenGrid GridOf(float least, float greatest)
    {
        if (IsSymmetric)
        {
            int most = (1 << (Bits - 1)) - 1;
            return new EvenGrid(HalfBits.Round(MathF.Max(-least, greatest) / most), 0, -most, most);
        }

        int steps = (1 << Bits) - 1;
        return new EvenGrid(HalfBits.Round((greatest - least) / steps), HalfBits.Round(least), 0, steps);
    }
}

/// <summary>Evenly spaced numbers: scale * q + offset for whole numbers q from least to greatest.</summary>
internal readonly record struct EvenGrid(float Scale, float Offset, float Least, float Greatest);

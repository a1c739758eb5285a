using System;

namespace EdgeRuntime.Formats;

/// <summary>What a quantizer has to know about an IQ type.</summary>
internal sealed class GridCoding
{
    /// <summary>The number of weights per super-block.</summary>
    public const int Weights = 256;

    /// <summary>Gets the grid.</summary>
    public required GridPoints Points { get; init; }

    /// <summary>Gets the levels of the grid's digits: one entry, or two where each group or point chooses.</summary>
    public required GridLevels[] Levels { get; init; }

    /// <summary>Gets whether each point chooses levels for itself, not each group.</summary>
    public bool ChoosesLevelsPerPoint { get; init; }

    /// <summary>Gets how signs are stored.</summary>
    public required GridSigns Signs { get; init; }

    /// <summary>Gets the number of weights per scale.</summary>
    public required int GroupWeights { get; init; }

    /// <summary>Gets the largest sc.</summary>
    public required int LargestScale { get; init; }

    /// <summary>Gets the scales to try for a group, as parts of its largest magnitude.</summary>
    public required float[] Trials { get; init; }

    /// <summary>
    /// Gets whether points are searched only for the trial that would be best if any combination of levels were a point. This saves most of
    /// the time, and is as good where the grid has many of the combinations.
    /// </summary>
    public bool RanksTrials { get; init; }

    /// <summary>
    /// Gets the factor by which d exceeds the one with the least error. That one makes the weights too small on the whole, the more so the
    /// fewer bits a type has. A slightly greater d costs little error and lowers the KL divergence of a model.
    /// </summary>
    public float Stretch { get; init; } = 1;

    /// <summary>Gets the number of weights per point.</summary>
    public int CellWeights => Levels[0].CellWeights;

    /// <summary>Gets the number of points per group.</summary>
    public int GroupCells => GroupWeights / CellWeights;

    /// <summary>Gets the number of groups.</summary>
    public int Groups => Weights / GroupWeights;

    /// <summary>Gets the level of a weight.</summary>
    /// <param name="point">The point that holds the weight.</param>
    /// <param name="lowered">The index of the levels.</param>
    /// <param name="k">The place of the weight in the point.</param>
    public float Level(int point, int lowered, int k) => Levels[lowered].Of(Points.Digits(point), k);

    /// <summary>Makes trials in a geometric sequence.</summary>
    /// <param name="level">The greatest level.</param>
    /// <param name="least">The least trial, as a part of the scale that maps the largest magnitude to the greatest level.</param>
    /// <param name="greatest">The greatest trial.</param>
    /// <param name="count">The number of trials.</param>
    public static float[] Parts(float level, float least, float greatest, int count)
    {
        float[] parts = new float[count];
        for (int i = 0; i < count; i++)
        {
            parts[i] = least * MathF.Pow(greatest / least, i / (count - 1f)) / level;
        }

        return parts;
    }
}

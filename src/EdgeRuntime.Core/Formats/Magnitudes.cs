using System;

namespace EdgeRuntime.Formats;

/// <summary>Finds the largest weight for quantizers.</summary>
internal static class Magnitudes
{
    /// <summary>Finds the value of largest magnitude, with its sign; the first one on a tie, 0 for an empty span.</summary>
    public static float Greatest(ReadOnlySpan<float> x)
    {
        float greatest = 0;
        foreach (float value in x)
        {
            greatest = MathF.Abs(value) > MathF.Abs(greatest) ? value : greatest;
        }

        return greatest;
    }
}

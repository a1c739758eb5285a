using System;

namespace EdgeRuntime.Formats;

/// <summary>What quantizers ask of weights before they choose a scale.</summary>
internal static class Magnitudes
{
    /// <summary>The value of greatest magnitude, with its sign; the first of several. 0 for none.</summary>
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

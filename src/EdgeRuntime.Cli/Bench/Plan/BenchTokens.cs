using System;

namespace EdgeRuntime.Cli.Bench.Plan;

/// <summary>The tokens of measurements: random, with a fixed seed.</summary>
internal static class BenchTokens
{
    /// <summary>Creates the token ids that every runtime gets: token p of the stream always goes to position p.</summary>
    /// <param name="count">Number of tokens.</param>
    /// <param name="vocabulary">The number of token ids.</param>
    /// <param name="sequence">Index of the sequence; each has its own stream.</param>
    public static int[] Create(int count, int vocabulary, int sequence = 0)
    {
        var random = new Random(20240229 + sequence);
        int[] tokens = new int[count];
        for (int i = 0; i < count; i++)
        {
            tokens[i] = random.Next(vocabulary);
        }

        return tokens;
    }
}

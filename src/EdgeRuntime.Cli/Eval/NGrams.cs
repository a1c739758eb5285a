using System;
using System.Collections.Generic;

namespace EdgeRuntime.Cli.Eval;

/// <summary>Counts sequences of words.</summary>
internal static class NGrams
{
    /// <summary>Counts the sequences of <paramref name="n"/> words.</summary>
    public static Dictionary<string, int> Count(string[] words, int n)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i + n <= words.Length; i++)
        {
            string gram = string.Join(' ', words, i, n);
            counts[gram] = counts.GetValueOrDefault(gram) + 1;
        }

        return counts;
    }
}

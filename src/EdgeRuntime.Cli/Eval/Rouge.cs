using System;
using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime.Cli.Eval;

/// <summary>The scores of a text against a reference.</summary>
/// <param name="Precision">The share of the text that is in the reference.</param>
/// <param name="Recall">The share of the reference that is in the text.</param>
internal readonly record struct RougeScore(double Precision, double Recall)
{
    /// <summary>Gets the harmonic mean of both.</summary>
    public double F1 => Precision + Recall > 0 ? 2 * Precision * Recall / (Precision + Recall) : 0;
}

/// <summary>
/// Computes ROUGE-N and ROUGE-L. Source: Lin, "ROUGE: A Package for Automatic Evaluation of Summaries", 2004; words are those of Google's
/// rouge_score without stemming: letters a to z and digits, in lower case.
/// </summary>
internal static class Rouge
{
    /// <summary>Compares the sequences of <paramref name="n"/> words.</summary>
    public static RougeScore OfWords(string text, string reference, int n)
    {
        Dictionary<string, int> found = NGrams.Count(Split(text), n);
        Dictionary<string, int> expected = NGrams.Count(Split(reference), n);
        int common = found.Sum(gram => Math.Min(gram.Value, expected.GetValueOrDefault(gram.Key)));
        return Score(common, found.Values.Sum(), expected.Values.Sum());
    }

    /// <summary>Compares the longest common subsequence of words.</summary>
    public static RougeScore OfSubsequence(string text, string reference)
    {
        string[] found = Split(text);
        string[] expected = Split(reference);
        return Score(LongestCommonSubsequence(found, expected), found.Length, expected.Length);
    }

    private static RougeScore Score(int common, int found, int expected) =>
        new(found > 0 ? (double)common / found : 0, expected > 0 ? (double)common / expected : 0);

    private static int LongestCommonSubsequence(string[] a, string[] b)
    {
        int[] lengths = new int[b.Length + 1]; // [j] of the words of a so far and the first j words of b
        foreach (string word in a)
        {
            int diagonal = 0;
            for (int j = 0; j < b.Length; j++)
            {
                int above = lengths[j + 1];
                lengths[j + 1] = word == b[j] ? diagonal + 1 : Math.Max(above, lengths[j]);
                diagonal = above;
            }
        }

        return lengths[b.Length];
    }

    private static string[] Split(string text) =>
        new string([.. text.ToLowerInvariant().Select(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) ? c : ' ')])
            .Split(' ', StringSplitOptions.RemoveEmptyEntries);
}

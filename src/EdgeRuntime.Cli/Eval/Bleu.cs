using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;

namespace EdgeRuntime.Cli.Eval;

/// <summary>
/// Computes BLEU over a corpus, 0 to 100. Source: Papineni et al., "BLEU: a Method for Automatic Evaluation of Machine Translation",
/// ACL 2002, with the tokens (13a) and the smoothing (exp) of sacreBLEU's default signature.
/// </summary>
internal sealed partial class Bleu
{
    private const int MostWords = 4; // of an n-gram

    private readonly long[] _matches = new long[MostWords];
    private readonly long[] _counts = new long[MostWords];
    private long _length;
    private long _referenceLength;

    /// <summary>Gets the value for the texts so far.</summary>
    public double Value
    {
        get
        {
            double sum = 0;
            double smoothing = 1;
            for (int n = 0; n < MostWords; n++)
            {
                if (_counts[n] == 0 || _matches[0] == 0)
                {
                    return 0;
                }

                // The first order without a match counts as half a match, the next one as a quarter, and so on.
                smoothing = _matches[n] == 0 ? smoothing * 2 : smoothing;
                sum += Math.Log(_matches[n] == 0 ? 1 / (smoothing * _counts[n]) : (double)_matches[n] / _counts[n]);
            }

            double brevity = _length < _referenceLength ? Math.Exp(1 - ((double)_referenceLength / _length)) : 1;
            return 100 * brevity * Math.Exp(sum / MostWords);
        }
    }

    /// <summary>Adds a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="references">What it could be, too.</param>
    public void Add(string text, IReadOnlyList<string> references)
    {
        string[] words = Split(text);
        string[][] others = [.. references.Select(Split)];
        _length += words.Length;
        _referenceLength += others.Select(static other => other.Length)
            .OrderBy(length => Math.Abs(length - words.Length)).ThenBy(static length => length).First();
        for (int n = 1; n <= MostWords; n++)
        {
            Dictionary<string, int>[] allowed = [.. others.Select(other => NGrams.Count(other, n))];
            foreach ((string gram, int count) in NGrams.Count(words, n))
            {
                _counts[n - 1] += count;
                _matches[n - 1] += Math.Min(count, allowed.Max(grams => grams.GetValueOrDefault(gram)));
            }
        }
    }

    /// <summary>Splits a text as mteval-v13a does: at white space, around punctuation except in numbers, around a digit's dash.</summary>
    private static string[] Split(string text)
    {
        string spaced = text.Replace("<skipped>", "", StringComparison.Ordinal).Replace("-\n", "", StringComparison.Ordinal)
            .Replace('\n', ' ').Replace("&quot;", "\"", StringComparison.Ordinal).Replace("&amp;", "&", StringComparison.Ordinal)
            .Replace("&lt;", "<", StringComparison.Ordinal).Replace("&gt;", ">", StringComparison.Ordinal);
        spaced = Symbols().Replace($" {spaced} ", " $1 ");
        spaced = StopAfterText().Replace(spaced, "$1 $2 ");
        spaced = StopBeforeText().Replace(spaced, " $1 $2");
        spaced = DashAfterDigit().Replace(spaced, "$1 $2 ");
        return spaced.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
    }

    [GeneratedRegex(@"([\{-\~\[-\` -\&\(-\+\:-\@\/])")]
    private static partial Regex Symbols();

    [GeneratedRegex(@"([^0-9])([\.,])")]
    private static partial Regex StopAfterText();

    [GeneratedRegex(@"([\.,])([^0-9])")]
    private static partial Regex StopBeforeText();

    [GeneratedRegex("([0-9])(-)")]
    private static partial Regex DashAfterDigit();
}

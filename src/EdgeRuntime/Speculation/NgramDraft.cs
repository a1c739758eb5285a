using System;
using System.Threading.Tasks;
using EdgeRuntime.Engine;
using EdgeRuntime.Sampling;

namespace EdgeRuntime.Speculation;

/// <summary>
/// Prompt lookup: finds an earlier occurrence of the last tokens and proposes the tokens that followed it. A search is one pass over the
/// text and takes microseconds, compared to milliseconds for a step, so no index is needed.
/// </summary>
internal sealed class NgramDraft : IDraft
{
    private const int ShortestMatch = 2;

    // Longer matches do not predict better.
    private const int LongestMatch = 12;

    // Limits the search in texts that repeat one pair of tokens.
    private const int MaxCandidates = 32;

    private int _source;

    /// <inheritdoc/>
    public int Kinds => 4;

    /// <inheritdoc/>
    public bool IsRandom => false;

    /// <inheritdoc/>
    public int Prepare(ReadOnlySpan<int> text)
    {
        int longest = FindLongestMatch(text, out _source);
        return longest switch
        {
            < ShortestMatch => -1,
            2 => 0,
            <= 4 => 1,
            <= 8 => 2,
            _ => 3,
        };
    }

    /// <inheritdoc/>
    public ValueTask<int> ProposeAsync(ReadOnlyMemory<int> text, Memory<int> draft, CallContext context)
    {
        Continue(text.Span, draft.Span);
        return new ValueTask<int>(draft.Length);
    }

    /// <inheritdoc/>
    public Distribution? DistributionOf(int index) => null;

    private void Continue(ReadOnlySpan<int> text, Span<int> draft)
    {
        for (int i = 0; i < draft.Length; i++)
        {
            // Past the end of the text, continue in the proposal itself, so that a period shorter than the draft repeats.
            int from = _source + i;
            draft[i] = from < text.Length ? text[from] : draft[from - text.Length];
        }
    }

    /// <summary>
    /// Finds the longest earlier occurrence of the end of the text, the latest one on a tie. The source is the position after it.
    /// </summary>
    private static int FindLongestMatch(ReadOnlySpan<int> text, out int source)
    {
        source = 0;
        if (text.Length <= ShortestMatch)
        {
            return 0;
        }

        int last = text[^1];
        int longest = 0;
        int places = 0;
        for (int next = text.Length - 1; next >= ShortestMatch && places < MaxCandidates && longest < LongestMatch; next--)
        {
            // A match ends before next.
            if (text[next - 1] != last || text[next - 2] != text[^2])
            {
                continue;
            }

            places++;
            int length = ShortestMatch;
            while (length < Math.Min(LongestMatch, next) && text[next - 1 - length] == text[text.Length - 1 - length])
            {
                length++;
            }

            if (length > longest)
            {
                longest = length;
                source = next;
            }
        }

        return longest;
    }
}

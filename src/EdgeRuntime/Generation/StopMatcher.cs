using System;
using System.Collections.Generic;
using System.Text;

namespace EdgeRuntime.Generation;

/// <summary>
/// Finds stop strings in text that arrives in pieces, and holds back text that may be the beginning of one. Each character advances one
/// Knuth-Morris-Pratt automaton per stop string, so the work is linear in the text, even for long or repetitive stop strings.
/// </summary>
/// <remarks>
/// The first complete stop string wins. If several are complete at the same character, the longest wins, because it began first. The result
/// does not depend on how the text is cut into pieces.
/// </remarks>
internal sealed class StopMatcher
{
    private readonly string[] _stops;
    private readonly int[][] _failure; // [stop][n]: longest proper prefix of the stop string that ends its first n + 1 characters
    private readonly int[] _matched; // [stop]: how many of its characters the text ends with
    private readonly StringBuilder _held = new();

    /// <param name="stops">The stop strings, none of them empty.</param>
    public StopMatcher(IReadOnlyList<string> stops)
    {
        _stops = [.. stops];
        _failure = new int[_stops.Length][];
        _matched = new int[_stops.Length];
        for (int i = 0; i < _stops.Length; i++)
        {
            _failure[i] = FailureOf(_stops[i]);
        }
    }

    private StopMatcher(StopMatcher other)
    {
        _stops = other._stops;
        _failure = other._failure;
        _matched = new int[_stops.Length];
    }

    /// <summary>Gets the stop string that was found, or null.</summary>
    public string? Found { get; private set; }

    /// <summary>Creates a matcher of the same stop strings for another text.</summary>
    public StopMatcher Restart() => new(this);

    /// <summary>
    /// Appends a piece and returns the text that can no longer be part of a stop string. If a stop string is found, this is all the text
    /// before it.
    /// </summary>
    public string Append(string piece)
    {
        if (_stops.Length == 0 || piece.Length == 0)
        {
            return piece;
        }

        int before = _held.Length;
        for (int i = 0; i < piece.Length; i++)
        {
            int stop = Advance(piece[i]);
            if (stop >= 0)
            {
                Found = _stops[stop];
                _held.Append(piece, 0, i + 1);
                _held.Length -= Found.Length;
                return Take(_held.Length);
            }
        }

        int hold = 0;
        foreach (int matched in _matched)
        {
            hold = Math.Max(hold, matched);
        }

        if (before == 0 && hold == 0)
        {
            return piece;
        }

        _held.Append(piece);
        return Take(_held.Length - hold);
    }

    /// <summary>Ends the text and returns the text held back, or an empty string if a stop string was found.</summary>
    public string Flush()
    {
        if (Found is not null)
        {
            return "";
        }

        Array.Clear(_matched);
        return Take(_held.Length);
    }

    private string Take(int count)
    {
        string text = _held.ToString(0, count);
        _held.Remove(0, count);
        return text;
    }

    /// <returns>The stop string that <paramref name="character"/> completes, the longest one; or -1.</returns>
    private int Advance(char character)
    {
        int found = -1;
        for (int i = 0; i < _stops.Length; i++)
        {
            string stop = _stops[i];
            int matched = _matched[i];
            while (matched > 0 && stop[matched] != character)
            {
                matched = _failure[i][matched - 1];
            }

            if (stop[matched] == character)
            {
                matched++;
            }

            _matched[i] = matched;
            if (matched == stop.Length)
            {
                found = found < 0 || stop.Length > _stops[found].Length ? i : found;
            }
        }

        return found;
    }

    private static int[] FailureOf(string stop)
    {
        int[] failure = new int[stop.Length];
        int matched = 0;
        for (int i = 1; i < stop.Length; i++)
        {
            while (matched > 0 && stop[matched] != stop[i])
            {
                matched = failure[matched - 1];
            }

            if (stop[matched] == stop[i])
            {
                matched++;
            }

            failure[i] = matched;
        }

        return failure;
    }
}

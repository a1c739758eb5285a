using System;
using System.Collections.Generic;

namespace EdgeRuntime;

/// <summary>
/// Represents a text to tokenize and the ranges of it that are data: text written by people or returned by tools. Data is plain text,
/// whatever it spells: a control token is recognized only if all of its characters are outside of data. In all other respects the text is
/// tokenized as one string.
/// </summary>
public sealed class PromptText
{
    private readonly TextRange[] _data;

    private PromptText(TextRange[] normalized, string text) => (_data, Text) = (normalized, text);

    /// <param name="text">The whole text.</param>
    /// <param name="data">The ranges that are data, in UTF-16 units, in order and without overlaps.</param>
    /// <exception cref="ArgumentException">A range is outside of the text or out of order.</exception>
    public PromptText(string text, IReadOnlyList<TextRange> data)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(data);
        Text = text;
        _data = Normalize(text, data);
    }

    /// <summary>Gets the whole text.</summary>
    public string Text { get; }

    /// <summary>Gets the ranges that are data, in UTF-16 units: in order, not adjacent, not empty.</summary>
    public IReadOnlyList<TextRange> Data => _data;

    /// <summary>Creates a text that is data as a whole: no control token is recognized in it.</summary>
    public static PromptText Plain(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new PromptText(text, [new TextRange(0, text.Length)]);
    }

    /// <summary>Creates a text without data: control tokens are recognized wherever they are spelled out.</summary>
    public static PromptText Parsed(string text) => new(text, []);

    /// <summary>Creates a text from ranges that are in order, not adjacent and not empty.</summary>
    internal static PromptText OfNormalized(string text, TextRange[] data) => new(data, text);

    /// <summary>Gets the part from an index on.</summary>
    internal PromptText Slice(int start) =>
        start == 0 ? this : new PromptText(Text[start..], Clip(start, Text.Length));

    /// <summary>Appends data.</summary>
    internal PromptText AppendData(string text) =>
        new(Text + text, [.. _data, new TextRange(Text.Length, Text.Length + text.Length)]);

    /// <summary>Gets whether the first characters, and their division into data and other text, equal those of another text.</summary>
    internal bool StartsWith(PromptText other, int length) =>
        length <= Text.Length && Text.AsSpan(0, length).SequenceEqual(other.Text.AsSpan(0, length))
        && Clip(0, length).AsSpan().SequenceEqual(other.Clip(0, length));

    // Gets the data ranges between two indices, relative to the first.
    private TextRange[] Clip(int start, int end)
    {
        var clipped = new List<TextRange>(_data.Length);
        foreach (TextRange range in _data)
        {
            var part = new TextRange(Math.Max(range.Start, start) - start, Math.Min(range.End, end) - start);
            if (part.Start < part.End)
            {
                clipped.Add(part);
            }
        }

        return clipped.ToArray();
    }

    private static TextRange[] Normalize(string text, IReadOnlyList<TextRange> ranges)
    {
        var data = new List<TextRange>(ranges.Count);
        int end = 0;
        foreach (TextRange range in ranges)
        {
            if (range.Start < end || range.End < range.Start || range.End > text.Length)
            {
                throw new ArgumentException(
                    $"the range from {range.Start} to {range.End} begins before {end} or leaves the text of {text.Length} characters",
                    nameof(ranges));
            }

            end = range.End;
            if (data.Count > 0 && data[^1].End == range.Start)
            {
                data[^1] = new TextRange(data[^1].Start, range.End);
            }
            else if (range.Start < range.End)
            {
                data.Add(range);
            }
        }

        return data.ToArray();
    }
}

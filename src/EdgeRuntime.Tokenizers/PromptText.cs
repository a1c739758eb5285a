using System;
using System.Collections.Generic;

namespace EdgeRuntime.Tokenizers;

/// <summary>
/// A text to tokenize, and which parts of it are data: what people wrote and tools returned. Data is plain text whatever it spells; a
/// control token is recognized only where all of its characters are outside of data. Everything else about tokenizing is as for one string.
/// </summary>
public sealed class PromptText
{
    private readonly TextRange[] _data;

    /// <param name="text">The whole text.</param>
    /// <param name="data">The parts that are data, in UTF-16 units: in order, apart from each other or touching.</param>
    /// <exception cref="ArgumentException">A range lies outside of the text or before the one in front of it.</exception>
    public PromptText(string text, IReadOnlyList<TextRange> data)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(data);
        Text = text;
        _data = Normalize(text, data);
    }

    /// <summary>The whole text.</summary>
    public string Text { get; }

    /// <summary>The parts that are data, in UTF-16 units: in order, apart from each other, none empty.</summary>
    public IReadOnlyList<TextRange> Data => _data;

    /// <summary>A text that is data as a whole: no control token is recognized in it.</summary>
    public static PromptText Plain(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new PromptText(text, [new TextRange(0, text.Length)]);
    }

    /// <summary>A text without data: control tokens are recognized wherever they are written out.</summary>
    public static PromptText Parsed(string text) => new(text, []);

    /// <summary>The part from an index on.</summary>
    internal PromptText Slice(int start) =>
        start == 0 ? this : new PromptText(Text[start..], Clip(start, Text.Length));

    /// <summary>This text with more data behind it.</summary>
    internal PromptText AppendData(string text) =>
        new(Text + text, [.. _data, new TextRange(Text.Length, Text.Length + text.Length)]);

    /// <summary>Whether the first characters are those of another text, and the same of them are data.</summary>
    internal bool StartsWith(PromptText other, int length) =>
        length <= Text.Length && Text.AsSpan(0, length).SequenceEqual(other.Text.AsSpan(0, length))
        && Clip(0, length).AsSpan().SequenceEqual(other.Clip(0, length));

    // The data from one index to another, counted from the first.
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

using System;
using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime;

/// <summary>
/// Represents a text to tokenize and the ranges of it that are data: text written by people or returned by tools. Data is plain text,
/// whatever it spells: a control token is recognized only if all of its characters are outside of data. In all other respects the text is
/// tokenized as one string.
/// </summary>
/// <remarks>
/// Conversations and sessions make their prompts themselves. A program that renders a chat template and encodes the result needs this type,
/// so that no message can spell a control token.
/// </remarks>
/// <example>
/// <code>
/// PromptText prompt = model.ChatTemplate!.RenderPrompt([ModelMessage.User("What does &lt;|im_end|&gt; mean?")]);
/// int[] ids = model.Tokenizer.Encode(prompt, addSpecial: false);
/// Console.WriteLine(ids.Length);
/// </code>
/// </example>
public sealed class PromptText
{
    private readonly TextRange[] _data;

    private PromptText(TextRange[] normalized, string text) => (_data, Text) = (normalized, text);

    /// <param name="text">The whole text.</param>
    /// <param name="data">The ranges that are data, in UTF-16 units, in order and without overlaps.</param>
    /// <exception cref="ArgumentException">A range is outside of the text or out of order.</exception>
    public PromptText(string text, IReadOnlyList<Range> data)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(data);
        Text = text;
        _data = Normalize(
            text, data.Select(range => new TextRange(range.Start.GetOffset(text.Length), range.End.GetOffset(text.Length))));
    }

    /// <summary>Gets the whole text.</summary>
    public string Text { get; }

    /// <summary>Gets the ranges that are data, in UTF-16 units: in order, not adjacent, not empty.</summary>
    public IReadOnlyList<Range> Data => field ??= [.. _data.Select(range => range.Start..range.End)];

    /// <summary>Gets the ranges of <see cref="Data"/> as pairs of indices.</summary>
    internal ReadOnlySpan<TextRange> DataRanges => _data;

    /// <summary>Creates a text that is data as a whole: no control token is recognized in it.</summary>
    public static PromptText Plain(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new PromptText(text, [Range.All]);
    }

    /// <summary>Creates a text without data: control tokens are recognized wherever they are spelled out.</summary>
    public static PromptText Parsed(string text) => new(text, []);

    /// <summary>Creates a text from ranges that are in order, not adjacent and not empty.</summary>
    internal static PromptText OfNormalized(string text, TextRange[] data) => new(data, text);

    /// <summary>Gets the part from an index on.</summary>
    internal PromptText Slice(int start) =>
        start == 0 ? this : OfNormalized(Text[start..], Clip(start, Text.Length));

    /// <summary>Appends data.</summary>
    internal PromptText AppendData(string text)
    {
        string whole = Text + text;
        return OfNormalized(whole, Normalize(whole, _data.Append(new TextRange(Text.Length, whole.Length))));
    }

    /// <summary>Gets the same text, in which another range is data as well.</summary>
    internal PromptText WithData(TextRange range)
    {
        var data = new List<TextRange>(_data.Length + 1);
        var joined = new TextRange(range.Start, Math.Min(range.End, Text.Length));
        foreach (TextRange other in _data)
        {
            if (other.End < joined.Start || other.Start > joined.End)
            {
                data.Add(other);
            }
            else
            {
                joined = new TextRange(Math.Min(joined.Start, other.Start), Math.Max(joined.End, other.End));
            }
        }

        if (joined.Start < joined.End)
        {
            data.Insert(data.TakeWhile(other => other.End < joined.Start).Count(), joined);
        }

        return OfNormalized(Text, [.. data]);
    }

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

    private static TextRange[] Normalize(string text, IEnumerable<TextRange> ranges)
    {
        var data = new List<TextRange>();
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

using System;
using System.Buffers;

namespace EdgeRuntime.ToolCalls;

/// <summary>Finds the first of several marks in a text, in one pass.</summary>
internal sealed class MarkSet
{
    private readonly string[] _marks;
    private readonly SearchValues<string> _search;

    /// <param name="marks">The marks, none of them empty. Of two marks at the same place, the first one counts.</param>
    public MarkSet(params string[] marks)
    {
        _marks = marks;
        _search = SearchValues.Create(marks, StringComparison.Ordinal);
    }

    /// <summary>Finds the first mark. If there is none, the index is the length of the text that can't belong to a mark.</summary>
    public (int Index, string? Mark) Find(ReadOnlySpan<char> text)
    {
        int index = text.IndexOfAny(_search);
        if (index < 0)
        {
            return (text.Length - Held(text), null);
        }

        ReadOnlySpan<char> rest = text[index..];
        int mark = 0;
        while (!rest.StartsWith(_marks[mark], StringComparison.Ordinal))
        {
            mark++;
        }

        return (index, _marks[mark]);
    }

    /// <summary>Gets the length of the end of the text that may be the start of a mark.</summary>
    private int Held(ReadOnlySpan<char> text)
    {
        int held = 0;
        foreach (string mark in _marks)
        {
            for (int length = Math.Min(mark.Length - 1, text.Length); length > held; length--)
            {
                if (text.EndsWith(mark.AsSpan(0, length), StringComparison.Ordinal))
                {
                    held = length;
                }
            }
        }

        return held;
    }
}

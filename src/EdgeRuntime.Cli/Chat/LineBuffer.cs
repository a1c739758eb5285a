using System;
using System.Globalization;

namespace EdgeRuntime.Cli.Chat;

/// <summary>A line that the user is typing: text and cursor. Moves and deletes by whole grapheme clusters.</summary>
internal sealed class LineBuffer
{
    /// <summary>Gets the typed text.</summary>
    public string Text { get; private set; } = "";

    /// <summary>Gets the position of the cursor, in UTF-16 units.</summary>
    public int Cursor { get; private set; }

    public void Set(string text)
    {
        Text = text;
        Cursor = text.Length;
    }

    public void Insert(string text)
    {
        Text = Text.Insert(Cursor, text);
        Cursor += text.Length;
    }

    public void MoveLeft() => Cursor = PreviousCharacter();

    public void MoveRight() => Cursor = NextCharacter();

    public void MoveHome() => Cursor = 0;

    public void MoveEnd() => Cursor = Text.Length;

    /// <summary>Deletes the character before the cursor.</summary>
    public void Backspace() => Delete(PreviousCharacter(), Cursor);

    /// <summary>Deletes the character at the cursor.</summary>
    public void Delete() => Delete(Cursor, NextCharacter());

    public void DeleteToStart() => Delete(0, Cursor);

    public void DeleteToEnd() => Delete(Cursor, Text.Length);

    /// <summary>Deletes the word before the cursor and the spaces after the word.</summary>
    public void DeleteWord()
    {
        int start = Cursor;
        while (start > 0 && char.IsWhiteSpace(Text[start - 1]))
        {
            start--;
        }

        while (start > 0 && !char.IsWhiteSpace(Text[start - 1]))
        {
            start--;
        }

        Delete(start, Cursor);
    }

    private void Delete(int start, int end)
    {
        Text = Text.Remove(start, end - start);
        Cursor = start;
    }

    private int NextCharacter() => Cursor + StringInfo.GetNextTextElementLength(Text.AsSpan(Cursor));

    private int PreviousCharacter()
    {
        int previous = 0;
        for (int next = 0; next < Cursor; next += StringInfo.GetNextTextElementLength(Text.AsSpan(next)))
        {
            previous = next;
        }

        return previous;
    }
}

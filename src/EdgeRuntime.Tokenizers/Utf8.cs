using System;
using System.Text;

namespace EdgeRuntime;

/// <summary>Helpers for valid UTF-8.</summary>
internal static class Utf8
{
    /// <summary>Gets the number of bytes of a character from its first byte.</summary>
    public static int GetCharacterLength(byte first) => first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;

    /// <summary>Gets whether a place is between two bytes of a character.</summary>
    public static bool IsInsideCharacter(ReadOnlySpan<byte> text, int index) => index < text.Length && IsContinuation(text[index]);

    /// <summary>Gets whether a byte is not the first one of its character.</summary>
    public static bool IsContinuation(byte value) => (value & 0xC0) == 0x80;

    /// <summary>
    /// Converts ranges of a text to ranges of its UTF-8. A range that begins or ends inside a surrogate pair is extended to the pair.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="ranges">The ranges, in order and not adjacent.</param>
    public static TextRange[] ToBytes(string text, ReadOnlySpan<TextRange> ranges)
    {
        var bytes = new TextRange[ranges.Length];
        int character = 0;
        int position = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            int start = MoveTo(ranges[i].Start - (IsInsidePair(text, ranges[i].Start) ? 1 : 0));
            bytes[i] = new TextRange(start, MoveTo(ranges[i].End + (IsInsidePair(text, ranges[i].End) ? 1 : 0)));
        }

        return bytes;

        int MoveTo(int index)
        {
            // Two ranges that meet inside a pair share it.
            if (index > character)
            {
                position += Encoding.UTF8.GetByteCount(text.AsSpan(character, index - character));
                character = index;
            }

            return position;
        }
    }

    private static bool IsInsidePair(string text, int index) =>
        index > 0 && index < text.Length && char.IsLowSurrogate(text[index]) && char.IsHighSurrogate(text[index - 1]);
}

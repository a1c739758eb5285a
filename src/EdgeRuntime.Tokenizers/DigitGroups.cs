using System;

namespace EdgeRuntime;

/// <summary>
/// Splits runs of digits into groups of three, counted from their right end, so that equal digits of long numbers meet in equal groups. No
/// regular expression does this in linear time.
/// </summary>
internal static class DigitGroups
{
    private const int Size = 3;

    /// <summary>Ends a piece after each group; the text before a number and its odd first digits are one piece.</summary>
    /// <inheritdoc cref="CutPiece" path="/param|/returns"/>
    public static int CutBehindGroups(ReadOnlySpan<char> text, ref int pending)
    {
        if (pending > 0)
        {
            pending -= Size;
            return Size;
        }

        int start = 0;
        while (start < text.Length && !char.IsNumber(text[start]))
        {
            start++;
        }

        int end = start;
        while (end < text.Length && char.IsNumber(text[end]))
        {
            end++;
        }

        int digits = end - start;
        int first = digits % Size > 0 || digits == 0 ? digits % Size : Size;
        pending = digits - first;
        return start + first;
    }

    /// <summary>Starts a piece with each group of ASCII digits.</summary>
    /// <inheritdoc cref="CutPiece" path="/param|/returns"/>
    public static int CutBeforeGroups(ReadOnlySpan<char> text, ref int pending)
    {
        if (pending > Size)
        {
            pending -= Size;
            return Size;
        }

        int start = pending;
        while (start < text.Length)
        {
            int end = start;
            while (end < text.Length && char.IsAsciiDigit(text[end]))
            {
                end++;
            }

            int cut = start + ((end - start) % Size);
            if (cut > 0 && cut < end)
            {
                pending = end - cut;
                return cut;
            }

            // Groups at the beginning of the text start its first piece.
            if (cut < end && end > Size)
            {
                pending = end - Size;
                return Size;
            }

            start = Math.Max(end, start + 1);
        }

        pending = 0;
        return text.Length;
    }
}

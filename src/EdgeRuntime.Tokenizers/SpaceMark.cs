using System;
using System.Runtime.CompilerServices;

namespace EdgeRuntime;

/// <summary>The visible space of SentencePiece, U+2581.</summary>
internal static class SpaceMark
{
    /// <summary>Gets U+2581 in UTF-8.</summary>
    public static ReadOnlySpan<byte> Utf8 => "▁"u8;

    /// <summary>Replaces every mark by a space.</summary>
    /// <param name="text">The text in UTF-8.</param>
    /// <param name="target">At least as long as the text.</param>
    /// <returns>The number of bytes written.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Replace(ReadOnlySpan<byte> text, Span<byte> target)
    {
        int written = 0;
        while (true)
        {
            int mark = text.IndexOf(Utf8);
            ReadOnlySpan<byte> before = mark < 0 ? text : text[..mark];
            before.CopyTo(target[written..]);
            written += before.Length;
            if (mark < 0)
            {
                return written;
            }

            target[written++] = (byte)' ';
            text = text[(mark + Utf8.Length)..];
        }
    }

    /// <summary>Replaces every space by a mark.</summary>
    /// <param name="text">The text in UTF-8.</param>
    /// <param name="target">At least three times as long as the text.</param>
    /// <returns>The number of bytes written.</returns>
    public static int Insert(ReadOnlySpan<byte> text, Span<byte> target)
    {
        int written = 0;
        foreach (byte b in text)
        {
            if (b == (byte)' ')
            {
                Utf8.CopyTo(target[written..]);
                written += Utf8.Length;
            }
            else
            {
                target[written++] = b;
            }
        }

        return written;
    }

    /// <summary>Converts indices in the result of <see cref="Insert"/> to indices in its text.</summary>
    /// <param name="text">The text in UTF-8.</param>
    /// <param name="prefix">The number of bytes that precede the result of the text.</param>
    /// <param name="indices">The ascending indices, which are replaced. An index inside of a mark becomes the one behind the space.</param>
    public static void ToTextIndices(ReadOnlySpan<byte> text, int prefix, Span<int> indices)
    {
        int source = 0;
        int marked = prefix;
        foreach (ref int index in indices)
        {
            while (marked < index)
            {
                marked += text[source] == (byte)' ' ? Utf8.Length : 1;
                source++;
            }

            index = source;
        }
    }
}

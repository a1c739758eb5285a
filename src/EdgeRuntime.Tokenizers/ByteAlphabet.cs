using System;
using System.Runtime.CompilerServices;

namespace EdgeRuntime;

/// <summary>
/// The alphabet of bytes in byte-level vocabularies: printable Latin-1 characters represent themselves, the other 68 bytes are U+0100 and
/// following, in order. Source: OpenAI's GPT-2 encoder, <c>bytes_to_unicode</c>.
/// </summary>
internal static class ByteAlphabet
{
    private static readonly short[] Bytes = BuildBytes();

    /// <summary>Decodes a text of the alphabet to bytes.</summary>
    /// <param name="text">The text in UTF-8.</param>
    /// <param name="bytes">At least as long as the text.</param>
    /// <param name="length">The number of bytes written.</param>
    /// <returns>Whether all characters are in the alphabet.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool TryDecode(ReadOnlySpan<byte> text, Span<byte> bytes, out int length)
    {
        length = 0;
        int written = 0;
        Span<byte> target = bytes[..text.Length];
        for (int i = 0; i < text.Length; i++)
        {
            int character = text[i];
            if (character is >= '!' and <= '~')
            {
                target[written++] = (byte)character;
                continue;
            }

            if (character >= 0x80)
            {
                // The alphabet ends below U+0144, so a character has at most two bytes.
                if (character is < 0xC2 or >= 0xE0 || i + 1 == text.Length || !Utf8.IsContinuation(text[i + 1]))
                {
                    return false;
                }

                character = ((character & 0x1F) << 6) | (text[++i] & 0x3F);
            }

            int value = character < Bytes.Length ? Bytes[character] : -1;
            if (value < 0)
            {
                return false;
            }

            target[written++] = (byte)value;
        }

        length = written;
        return true;
    }

    private static short[] BuildBytes()
    {
        var bytes = new short[256 + 68];
        Array.Fill(bytes, (short)-1);
        int next = 256;
        for (short b = 0; b < 256; b++)
        {
            bool printable = b is (>= 0x21 and <= 0x7E) or (>= 0xA1 and <= 0xAC) or >= 0xAE;
            bytes[printable ? b : next++] = b;
        }

        return bytes;
    }
}

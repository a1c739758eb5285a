using System;
using System.Runtime.CompilerServices;

namespace EdgeRuntime.Tokenizers;

/// <summary>
/// The alphabet in which byte-level vocabularies write bytes: printable Latin-1 characters stand for themselves, the other 68
/// bytes for U+0100 and on in their order. Source: OpenAI's GPT-2 encoder, <c>bytes_to_unicode</c>.
/// </summary>
internal static class ByteAlphabet
{
    private static readonly short[] Bytes = BuildBytes();

    /// <summary>The bytes that a text of the alphabet stands for.</summary>
    /// <param name="text">The text, UTF-8.</param>
    /// <param name="bytes">At least as long as the text.</param>
    /// <param name="length">Bytes written.</param>
    /// <returns>Whether every character is of the alphabet.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool TryDecode(ReadOnlySpan<byte> text, Span<byte> bytes, out int length)
    {
        length = 0;
        for (int i = 0; i < text.Length; i++)
        {
            int character = text[i];
            if (character >= 0x80)
            {
                // The whole alphabet lies below U+0144: two bytes at most.
                if (character >= 0xE0 || i + 1 == text.Length || (text[i + 1] & 0xC0) != 0x80)
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

            bytes[length++] = (byte)value;
        }

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

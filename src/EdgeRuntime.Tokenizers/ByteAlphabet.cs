using System;

namespace EdgeRuntime.Tokenizers;

/// <summary>
/// The alphabet in which byte-level vocabularies write bytes: printable Latin-1 characters stand for themselves, the other 68
/// bytes for U+0100 and on in their order. Source: OpenAI's GPT-2 encoder, <c>bytes_to_unicode</c>.
/// </summary>
internal static class ByteAlphabet
{
    private static readonly short[] Bytes = BuildBytes();

    /// <summary>The bytes that a text of the alphabet stands for.</summary>
    /// <param name="text">The text.</param>
    /// <param name="bytes">At least as many bytes as the text has characters.</param>
    /// <returns>Whether every character is of the alphabet.</returns>
    public static bool TryDecode(ReadOnlySpan<char> text, Span<byte> bytes)
    {
        for (int i = 0; i < text.Length; i++)
        {
            int value = text[i] < Bytes.Length ? Bytes[text[i]] : -1;
            if (value < 0)
            {
                return false;
            }

            bytes[i] = (byte)value;
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

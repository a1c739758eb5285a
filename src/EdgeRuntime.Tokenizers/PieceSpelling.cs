using System;
using System.Globalization;
using System.Linq;
using System.Runtime.CompilerServices;

namespace EdgeRuntime;

/// <summary>The spellings of token bytes in vocabularies.</summary>
internal enum PieceSpelling
{
    /// <summary>UTF-8, with U+2581 in place of spaces.</summary>
    Sentence,

    /// <summary>The alphabet of <see cref="ByteAlphabet"/>.</summary>
    ByteLevel,

    /// <summary>UTF-8.</summary>
    Plain,

    /// <summary>Bytes with the escapes of Python.</summary>
    Escaped,
}

/// <summary>Converts the texts of tokens in a file to the bytes that they stand for.</summary>
internal static class PieceSpellings
{
    private static readonly byte[] Bytes = [.. Enumerable.Range(0, 256).Select(static value => (byte)value)];

    /// <summary>Gets the bytes of a token in a text.</summary>
    /// <param name="spelling">The spelling of the vocabulary.</param>
    /// <param name="attributes">The attributes of the token.</param>
    /// <param name="token">The token id, for messages.</param>
    /// <param name="text">The text of the token in the file.</param>
    /// <param name="piece">The bytes that the text spells in <see cref="ByteAlphabet"/>; empty if it is not in that alphabet.</param>
    /// <param name="buffer">At least as long as the text, for the spellings with a mark or escapes.</param>
    /// <returns>The bytes, in the buffer, or the piece or the text itself.</returns>
    /// <exception cref="VocabularyException">The text of a byte token is not a byte.</exception>
    /// <remarks>The tests are in the order of llama.cpp, because a token may match several of them.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ReadOnlySpan<byte> Write(
        this PieceSpelling spelling,
        TokenAttributes attributes,
        int token,
        ReadOnlySpan<byte> text,
        ReadOnlySpan<byte> piece,
        Span<byte> buffer)
    {
        if (spelling == PieceSpelling.Escaped)
        {
            return buffer[..Unescape(text, buffer)];
        }

        if ((attributes & TokenAttributes.Special) != 0)
        {
            return text;
        }

        if ((attributes & TokenAttributes.Normal) != 0)
        {
            return WriteNormal(spelling, text, piece, buffer);
        }

        if ((attributes & TokenAttributes.Byte) != 0)
        {
            int value = ParseByteToken(text);
            if (value < 0)
            {
                throw new VocabularyException(
                    "tokens", $"byte token {token} with the text {Vocabulary.Quote(text)}", "two hexadecimal digits as in <0x0A>");
            }

            return Bytes.AsSpan(value, 1);
        }

        return spelling == PieceSpelling.Plain ? text : [];
    }

    private static ReadOnlySpan<byte> WriteNormal(
        PieceSpelling spelling, ReadOnlySpan<byte> text, ReadOnlySpan<byte> piece, Span<byte> buffer) => spelling switch
        {
            PieceSpelling.Sentence => buffer[..SpaceMark.Replace(text, buffer)],
            PieceSpelling.ByteLevel when !piece.IsEmpty => piece,
            _ => text,
        };

    /// <summary>Parses the text of a byte token, <c>&lt;0x0A&gt;</c>; returns -1 for any other text.</summary>
    private static int ParseByteToken(ReadOnlySpan<byte> text) =>
        text.Length == 6 && text.StartsWith("<0x"u8) && text[5] == (byte)'>'
            && byte.TryParse(text.Slice(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value)
            ? value
            : -1;

    /// <summary>Converts escapes such as <c>\n</c>, <c>\\</c> and <c>\xff</c>. An escape that the text breaks off is omitted.</summary>
    private static int Unescape(ReadOnlySpan<byte> text, Span<byte> buffer)
    {
        int written = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != (byte)'\\')
            {
                buffer[written++] = text[i];
                continue;
            }

            if (++i == text.Length)
            {
                break;
            }

            if (text[i] != (byte)'x')
            {
                buffer[written++] = text[i] switch
                {
                    (byte)'t' => (byte)'\t',
                    (byte)'n' => (byte)'\n',
                    (byte)'r' => (byte)'\r',
                    _ => text[i],
                };
                continue;
            }

            if (i + 2 < text.Length)
            {
                buffer[written++] = (byte)((ParseDigit(text[i + 1]) << 4) + ParseDigit(text[i + 2]));
            }

            i += 2;
        }

        return written;
    }

    private static int ParseDigit(byte digit) => digit >= (byte)'a' ? digit - 'a' + 10 : digit - '0';
}

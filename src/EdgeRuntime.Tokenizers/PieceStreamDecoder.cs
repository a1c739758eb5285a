using System;
using System.Buffers;
using System.Text;

namespace EdgeRuntime;

/// <summary>Decodes a stream of pieces. The framework's UTF-8 decoder keeps the bytes of an incomplete character.</summary>
internal sealed class PieceStreamDecoder : TokenStreamDecoder
{
    private readonly VocabularyTokenizer _tokenizer;
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly bool _trimsPrefix;
    private bool _first;

    public PieceStreamDecoder(VocabularyTokenizer tokenizer, bool trimsPrefix)
    {
        _tokenizer = tokenizer;
        _trimsPrefix = trimsPrefix;
        _first = trimsPrefix;
    }

    public override string Append(int token) =>
        Convert(VocabularyTokenizer.TrimPrefix(_tokenizer.GetPieceBytes(token), ref _first), flush: false);

    public override string Flush()
    {
        _first = _trimsPrefix;
        return Convert([], flush: true);
    }

    private string Convert(ReadOnlySpan<byte> bytes, bool flush)
    {
        char[] chars = ArrayPool<char>.Shared.Rent(Encoding.UTF8.GetMaxCharCount(bytes.Length + 3));
        int length = _decoder.GetChars(bytes, chars, flush);
        string text = new(chars, 0, length);
        ArrayPool<char>.Shared.Return(chars);
        return text;
    }
}

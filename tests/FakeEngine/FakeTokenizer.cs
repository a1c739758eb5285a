using System;
using System.Linq;
using System.Text;

namespace EdgeRuntime.Fakes;

/// <summary>
/// Token 0 is the beginning, 1 ends a turn, any other id is the byte id - 2, so that a character may need several tokens.
/// </summary>
internal sealed class FakeTokenizer : Tokenizer
{
    private const int FirstByte = 2;
    private static readonly byte[][] Bytes =
        [.. Enumerable.Range(0, VocabularySizeOf).Select(i => i < FirstByte ? [] : new[] { (byte)(i - FirstByte) })];

    public const int VocabularySizeOf = 256 + FirstByte;

    public override int VocabularySize => VocabularySizeOf;

    public override int? BeginOfSequence => 0;

    public override int? EndOfSequence => 1;

    public override bool IsEndOfGeneration(int token) => token == 1;

    public override bool IsControl(int token) => token < FirstByte;

    public static int[] Ids(string text) => [.. Encoding.UTF8.GetBytes(text).Select(b => b + FirstByte)];

    public override int[] Encode(PromptText text, bool addSpecial = true) =>
        addSpecial ? [0, .. Ids(text.Text)] : Ids(text.Text);

    public override ReadOnlySpan<byte> GetPieceBytes(int token, bool special = false) =>
        special && token < FirstByte ? "<>"u8 : Bytes[token];

    public override string Decode(ReadOnlySpan<int> tokens, bool special = false) =>
        Encoding.UTF8.GetString([.. tokens.ToArray().SelectMany(t => Bytes[t])]);

    public override TokenStreamDecoder CreateStreamDecoder(bool continuesText = false) => new StreamDecoder();

    private sealed class StreamDecoder : TokenStreamDecoder
    {
        private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
        private readonly char[] _characters = new char[8];

        public override string Append(int token) => new(_characters, 0, _decoder.GetChars(Bytes[token], _characters, flush: false));

        public override string Flush() => new(_characters, 0, _decoder.GetChars([], _characters, flush: true));
    }
}

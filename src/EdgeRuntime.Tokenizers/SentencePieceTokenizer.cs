using System;
using System.Buffers;
using System.Text;
using EdgeRuntime.Gguf;

namespace EdgeRuntime;

/// <summary>
/// A SentencePiece BPE tokenizer (Llama 1 and 2, Mistral, Phi-3). Neighbors merge if together they are a piece, highest score first. Parts
/// that are not a piece are written as byte tokens.
/// </summary>
internal sealed class SentencePieceTokenizer : VocabularyTokenizer
{
    private static readonly VocabularyDefaults Defaults = new(BeginOfSequence: 1, EndOfSequence: 2, Unknown: 0, AddsBegin: true);

    private readonly uint[] _order;
    private readonly int[] _byteTokens = new int[256];
    private readonly bool _splitsAtSpaces;

    public SentencePieceTokenizer(VocabularyData data)
        : base(new Vocabulary(data, PieceSpelling.Sentence, Defaults), data.Tokens)
    {
        AddsSpacePrefix = !data.Flags.TryGetValue("add_space_prefix", out bool adds) || adds;
        _order = new uint[data.Tokens.Count];
        for (int token = 0; token < _order.Length; token++)
        {
            _order[token] = Order(data.Scores.Length == 0 ? 0f : data.Scores.Span[token]);
        }

        FindByteTokens();
        _splitsAtSpaces = MayBeSplitAtSpaces(data.Tokens);
    }

    protected override bool AddsSpacePrefix { get; }

    protected override void EncodeText(ReadOnlySpan<byte> text, bool afterSpecial, EncodingScratch scratch)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(checked((text.Length + 1) * SpaceMark.Utf8.Length));
        int prefix = AddsSpacePrefix && afterSpecial ? SpaceMark.Insert(" "u8, buffer) : 0;
        ReadOnlySpan<byte> marked = buffer.AsSpan(0, prefix + SpaceMark.Insert(text, buffer.AsSpan(prefix)));
        int before = scratch.Ids.Length;
        for (int start = 0; start < marked.Length;)
        {
            int word = _splitsAtSpaces ? FindWordEnd(marked[start..]) : marked.Length;
            EncodeWord(marked.Slice(start, word), start, scratch);
            start += word;
        }

        SpaceMark.ToTextIndices(text, prefix, scratch.Ends[before..]);
        ArrayPool<byte>.Shared.Return(buffer);
    }

    // Lower values merge first, so the highest score must map to the lowest value.
    private static uint Order(float score)
    {
        int bits = BitConverter.SingleToInt32Bits(score + 0f);
        return ~(uint)(bits < 0 ? ~bits : bits ^ int.MinValue);
    }

    // If no piece contains a space after its first byte, no merge crosses the start of a word, so words can be encoded one by one in little
    // memory.
    private static bool MayBeSplitAtSpaces(GgufStrings tokens)
    {
        for (int token = 0; token < tokens.Count; token++)
        {
            if (FindWordEnd(tokens[token]) < tokens[token].Length)
            {
                return false;
            }
        }

        return true;
    }

    private static int FindWordEnd(ReadOnlySpan<byte> text)
    {
        int start = 0;
        while (text[start..].StartsWith(SpaceMark.Utf8))
        {
            start += SpaceMark.Utf8.Length;
        }

        int end = text[start..].IndexOf(SpaceMark.Utf8);
        return end < 0 ? text.Length : start + end;
    }

    private void FindByteTokens()
    {
        for (int value = 0; value < 256; value++)
        {
            int token = Vocabulary.Pieces.Find(Encoding.ASCII.GetBytes($"<0x{value:X2}>"));
            _byteTokens[value] = token >= 0 ? token : Vocabulary.Pieces.Find([(byte)value]);
        }
    }

    private void EncodeWord(ReadOnlySpan<byte> word, int origin, EncodingScratch scratch)
    {
        SymbolMerger merger = scratch.Merger;
        merger.Clear();
        for (int start = 0; start < word.Length;)
        {
            int length = Utf8.GetCharacterLength(word[start]);
            merger.Add(Vocabulary.Pieces.Find(word.Slice(start, length)), start, length);
            start += length;
        }

        merger.Merge(word, new Rule(Vocabulary.Pieces, _order));
        foreach (Symbol symbol in merger.Symbols)
        {
            if (symbol.Length > 0 && symbol.Id >= 0)
            {
                scratch.Add(symbol.Id, origin + symbol.Start + symbol.Length);
            }
            else
            {
                AppendBytes(word.Slice(symbol.Start, symbol.Length), origin + symbol.Start, scratch);
            }
        }
    }

    private void AppendBytes(ReadOnlySpan<byte> bytes, int origin, EncodingScratch scratch)
    {
        foreach (byte value in bytes)
        {
            scratch.Add(_byteTokens[value] >= 0 ? _byteTokens[value] : Vocabulary.Unknown!.Value, ++origin);
        }
    }

    private readonly struct Rule(PieceTable pieces, uint[] orders) : IMergeRule
    {
        public bool TryMerge(ReadOnlySpan<byte> word, in Symbol left, in Symbol right, out uint order, out int merged)
        {
            merged = pieces.Find(word.Slice(left.Start, left.Length + right.Length));
            order = merged >= 0 ? orders[merged] : 0;
            return merged >= 0;
        }
    }
}

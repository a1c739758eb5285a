using System;
using System.Buffers;
using System.Text;

namespace EdgeRuntime;

/// <summary>
/// A BPE tokenizer with a list of merges: byte-level (GPT-2 and most models since) or over characters with byte tokens (Gemma 4). A
/// pre-tokenizer splits the text into words; within a word, pairs merge in the order of the list.
/// </summary>
internal class BytePairTokenizer : VocabularyTokenizer
{
    private readonly PreTokenizer _preTokenizer;
    private readonly PieceSpelling _spelling;
    private readonly MergeTable _merges;
    private readonly int[] _byteTokens = new int[256];

    public BytePairTokenizer(VocabularyData data, PreTokenizer preTokenizer)
        : this(data, preTokenizer, new MergeReader(data.Tokens, data.Merges, preTokenizer.Spelling))
    {
    }

    private BytePairTokenizer(VocabularyData data, PreTokenizer preTokenizer, MergeReader merges)
        : base(MakeVocabulary(data, preTokenizer), data.Tokens)
    {
        _preTokenizer = preTokenizer;
        _spelling = preTokenizer.Spelling;
        for (int value = 0; value < 256; value++)
        {
            _byteTokens[value] = Vocabulary.Pieces.Find(
                _spelling == PieceSpelling.ByteLevel ? [(byte)value] : Encoding.ASCII.GetBytes($"<0x{value:X2}>"));
        }

        _merges = merges.Read(Vocabulary);
    }

    public override string TidySpaces(string text) => _preTokenizer.TidiesSpaces ? SpaceTidying.Apply(text) : text;

    protected override void EncodeText(ReadOnlySpan<byte> text, bool afterSpecial, EncodingScratch scratch)
    {
        if (_spelling != PieceSpelling.Sentence)
        {
            EncodeWords(text, scratch);
            return;
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(checked(text.Length * SpaceMark.Utf8.Length));
        int before = scratch.Ids.Length;
        EncodeWords(buffer.AsSpan(0, SpaceMark.Insert(text, buffer)), scratch);
        SpaceMark.ToTextIndices(text, 0, scratch.Ends[before..]);
        ArrayPool<byte>.Shared.Return(buffer);
    }

    /// <summary>Encodes a text in the spelling of the vocabulary.</summary>
    /// <param name="text">The text, with marks in place of spaces if the pieces have them.</param>
    /// <param name="scratch">Receives the tokens, with ends from the start of the text.</param>
    protected void EncodeWords(ReadOnlySpan<byte> text, EncodingScratch scratch)
    {
        _preTokenizer.Split(text, scratch.Words);
        int start = 0;
        foreach (int length in scratch.Words)
        {
            EncodeWord(text.Slice(start, length), start, scratch);
            start += length;
        }
    }

    private static Vocabulary MakeVocabulary(VocabularyData data, PreTokenizer preTokenizer) =>
        new(data, preTokenizer.Spelling, new VocabularyDefaults(AddsBegin: preTokenizer.AddsBegin, ForcesBegin: preTokenizer.ForcesBegin));

    private void EncodeWord(ReadOnlySpan<byte> word, int origin, EncodingScratch scratch)
    {
        if (_preTokenizer.IgnoresMerges || (_preTokenizer.TakesLineBreaksWhole && word.Trim((byte)'\n').IsEmpty))
        {
            int whole = Vocabulary.Pieces.Find(word);
            if (whole >= 0 && whole < Vocabulary.Size)
            {
                scratch.Add(whole, origin + word.Length);
                return;
            }
        }

        SymbolMerger merger = scratch.Merger;
        merger.Clear();
        for (int start = 0; start < word.Length;)
        {
            int length = _spelling == PieceSpelling.ByteLevel ? 1 : Utf8.GetCharacterLength(word[start]);
            merger.Add(Vocabulary.Pieces.Find(word.Slice(start, length)), start, length);
            start += length;
        }

        merger.Merge(word, new Rule(Vocabulary.Pieces, _merges));
        foreach (Symbol symbol in merger.Symbols)
        {
            if (symbol.Length > 0 && symbol.Id >= 0 && symbol.Id < Vocabulary.Size)
            {
                scratch.Add(symbol.Id, origin + symbol.Start + symbol.Length);
            }
            else
            {
                AppendBytes(word.Slice(symbol.Start, symbol.Length), origin + symbol.Start, scratch);
            }
        }
    }

    // A byte without a token cannot be written in this vocabulary. llama.cpp omits it, too.
    private void AppendBytes(ReadOnlySpan<byte> bytes, int origin, EncodingScratch scratch)
    {
        foreach (byte value in bytes)
        {
            origin++;
            if (_byteTokens[value] >= 0)
            {
                scratch.Add(_byteTokens[value], origin);
            }
        }
    }

    private readonly struct Rule(PieceTable pieces, MergeTable merges) : IMergeRule
    {
        public bool TryMerge(ReadOnlySpan<byte> word, in Symbol left, in Symbol right, out uint order, out int merged)
        {
            merged = pieces.Find(word.Slice(left.Start, left.Length + right.Length));
            int rank = merged < 0 ? -1 : merges.Find(merged, left.Length);
            order = (uint)rank;
            return rank >= 0;
        }
    }
}

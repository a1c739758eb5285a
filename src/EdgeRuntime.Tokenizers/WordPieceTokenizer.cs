using System;
using System.Buffers;
using System.Globalization;
using System.Text;

namespace EdgeRuntime;

/// <summary>
/// A WordPiece tokenizer (BERT and most embedding models). The text is normalized and split into words and single punctuation marks; each
/// word is covered from its start by the longest pieces. A word that can't be covered is one unknown token.
/// </summary>
internal sealed class WordPieceTokenizer : VocabularyTokenizer
{
    // Like the reference, BOS and the separator are added whatever the file says.
    private static readonly VocabularyDefaults Defaults = new(
        BeginOfSequence: 101, Unknown: 100, Separator: 102, AddsBegin: true, AddsEnd: true, EndsWithSeparator: true, ReadsFlags: false);

    private readonly PieceTrie _pieces = new();
    private readonly bool _lowers;
    private readonly bool _stripsAccents;

    public WordPieceTokenizer(VocabularyData data)
        : base(new Vocabulary(data, PieceSpelling.Sentence, Defaults), data.Tokens)
    {
        AddsSpacePrefix = data.GetFlag("add_space_prefix", false);
        _lowers = data.GetFlag("normalizer.lowercase", true);
        _stripsAccents = data.GetFlag("normalizer.strip_accents", _lowers);
        for (int token = 0; token < Vocabulary.Size; token++)
        {
            // Control tokens are recognized only where the text outside of data spells them.
            if ((Vocabulary.GetAttributes(token) & TokenAttributes.Control) == 0)
            {
                _pieces.Add(data.Tokens[token].Span, token);
            }
        }
    }

    /// <summary>The treatments of characters.</summary>
    private enum Treatment
    {
        /// <summary>The character is a part of a word.</summary>
        Kept,

        /// <summary>The character is a word.</summary>
        Alone,

        /// <summary>The character is omitted.</summary>
        Omitted,

        /// <summary>The character ends a word.</summary>
        Space,
    }

    protected override bool AddsSpacePrefix { get; }

    public override string TidySpaces(string text) => SpaceTidying.Apply(text);

    protected override void EncodeText(ReadOnlySpan<byte> text, bool afterSpecial, EncodingScratch scratch)
    {
        // A character of more than one byte becomes one of at most four.
        int most = checked((2 * text.Length) + SpaceMark.Utf8.Length);
        byte[] bytes = ArrayPool<byte>.Shared.Rent(most);
        int[] ends = ArrayPool<int>.Shared.Rent(most);
        var word = new Word(bytes, ends);
        for (int position = 0; position < text.Length;)
        {
            _ = Rune.DecodeFromUtf8(text[position..], out Rune rune, out int length);
            int character = _stripsAccents ? Characters.GetBase(rune.Value) : rune.Value;
            Treatment treatment = Classify(character);
            if (treatment is Treatment.Space or Treatment.Alone)
            {
                EncodeWord(ref word, scratch);
            }

            if (treatment is Treatment.Kept or Treatment.Alone)
            {
                word.Append(_lowers ? Characters.ToLower(character) : character, position, position + length);
            }

            if (treatment == Treatment.Alone)
            {
                EncodeWord(ref word, scratch);
            }

            position += length;
        }

        EncodeWord(ref word, scratch);
        ArrayPool<byte>.Shared.Return(bytes);
        ArrayPool<int>.Shared.Return(ends);
    }

    private Treatment Classify(int character)
    {
        if (char.IsAsciiLetterOrDigit((char)character) && character < 0x80)
        {
            return Treatment.Kept;
        }

        if (Characters.IsWhiteSpace(character))
        {
            return Treatment.Space;
        }

        switch (Characters.GetCategory(character))
        {
            case UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse:
                return Treatment.Omitted;
            case UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark:
                return _stripsAccents ? Treatment.Omitted : Treatment.Kept;
            case UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation or UnicodeCategory.OpenPunctuation
                or UnicodeCategory.ClosePunctuation or UnicodeCategory.InitialQuotePunctuation
                or UnicodeCategory.FinalQuotePunctuation or UnicodeCategory.OtherPunctuation:
                return Treatment.Alone;
            case UnicodeCategory.MathSymbol or UnicodeCategory.CurrencySymbol or UnicodeCategory.ModifierSymbol
                or UnicodeCategory.OtherSymbol when character < 0x80:
                return Treatment.Alone;
        }

        return character == 0xFFFD ? Treatment.Omitted : IsChinese(character) ? Treatment.Alone : Treatment.Kept;
    }

    // The ranges of BERT's tokenizer as the reference has them; 0x2B920 instead of 0x2B820 is a slip that all its users share.
    private static bool IsChinese(int character) => character
        is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2A6DF) or (>= 0x2A700 and <= 0x2B73F)
        or (>= 0x2B740 and <= 0x2B81F) or (>= 0x2B920 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);

    private void EncodeWord(ref Word word, EncodingScratch scratch)
    {
        ReadOnlySpan<byte> bytes = word.Bytes;
        int before = scratch.Ids.Length;
        for (int start = 0; start < bytes.Length;)
        {
            int token = _pieces.FindLongest(bytes[start..], out int length);
            if (token < 0)
            {
                scratch.Truncate(before);
                scratch.Add(Vocabulary.Unknown!.Value, word.GetEnd(bytes.Length));
                break;
            }

            start += length;
            scratch.Add(token, word.GetEnd(start));
        }

        word.Clear();
    }

    /// <summary>A normalized word behind a mark of its start, with the places of its bytes in the text.</summary>
    private ref struct Word(Span<byte> bytes, Span<int> ends)
    {
        private readonly Span<byte> _bytes = bytes;
        private readonly Span<int> _ends = ends; // [bytes]: the index behind the byte in the text
        private int _length;

        /// <summary>Gets the bytes; none before the first character.</summary>
        public readonly ReadOnlySpan<byte> Bytes => _bytes[.._length];

        /// <summary>Gets the index in the text behind the first bytes of the word.</summary>
        public readonly int GetEnd(int length) => _ends[length - 1];

        public void Clear() => _length = 0;

        /// <summary>Appends the character that stands for a range of the text.</summary>
        public void Append(int character, int start, int end)
        {
            if (_length == 0)
            {
                SpaceMark.Utf8.CopyTo(_bytes);
                _length = SpaceMark.Utf8.Length;
                _ends[.._length].Fill(start);
            }

            // All bytes but the last one end inside of the character, so that its tokens have the range of the whole character.
            int length = new Rune(character).EncodeToUtf8(_bytes[_length..]);
            _ends.Slice(_length, length - 1).Fill(start + 1);
            _length += length;
            _ends[_length - 1] = end;
        }
    }
}

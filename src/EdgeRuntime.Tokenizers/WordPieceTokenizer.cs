using System;
using System.Globalization;
using System.Text;

namespace EdgeRuntime;

/// <summary>
/// A WordPiece tokenizer (BERT and most embedding models). The text is normalized and split into words and single punctuation marks; each
/// word is covered from its start by the longest pieces. A word that can't be covered is one unknown token.
/// </summary>
internal sealed class WordPieceTokenizer : VocabularyTokenizer
{
    private const int AsciiCount = 0x80;

    // Like the reference, BOS and the separator are added whatever the file says.
    private static readonly VocabularyDefaults Defaults = new(
        BeginOfSequence: 101, Unknown: 100, Separator: 102, AddsBegin: true, AddsEnd: true, EndsWithSeparator: true, ReadsFlags: false,
        FindsPieces: false);

    private readonly PieceTrie _pieces;
    private readonly PieceTrie.Node _wordStart; // the mark that starts a word
    private readonly Treatment[] _ascii = new Treatment[AsciiCount];
    private readonly bool _lowers;
    private readonly bool _stripsAccents;

    public WordPieceTokenizer(VocabularyData data)
        : base(new Vocabulary(data, PieceSpelling.Sentence, Defaults), data.Tokens)
    {
        AddsSpacePrefix = data.GetFlag("add_space_prefix", false);
        _lowers = data.GetFlag("normalizer.lowercase", true);
        _stripsAccents = data.GetFlag("normalizer.strip_accents", _lowers);
        var pieces = new PieceTrieBuilder();
        for (int token = 0; token < Vocabulary.Size; token++)
        {
            // Control tokens are recognized only where the text outside of data spells them.
            if ((Vocabulary.GetAttributes(token) & TokenAttributes.Control) == 0)
            {
                pieces.Add(data.Tokens[token], token);
            }
        }

        _pieces = pieces.Build();
        _wordStart = _pieces.Find(SpaceMark.Utf8);
        for (int character = 0; character < AsciiCount; character++)
        {
            _ascii[character] = Classify(character);
        }
    }

    /// <summary>The treatments of characters.</summary>
    private enum Treatment : byte
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
        scratch.Mapped.Clear();
        int wordStart = 0;
        Span<byte> bytes = stackalloc byte[4];
        for (int start = 0; start < text.Length;)
        {
            _ = Rune.DecodeFromUtf8(text[start..], out Rune rune, out int length);
            int end = start + length;
            int character = _stripsAccents ? Characters.GetBase(rune.Value) : rune.Value;
            Treatment treatment = character < AsciiCount ? _ascii[character] : Classify(character);
            if (treatment is Treatment.Space or Treatment.Alone)
            {
                EncodeWord(wordStart, scratch);
            }

            if (treatment is Treatment.Kept or Treatment.Alone)
            {
                wordStart = scratch.Mapped.Length == 0 ? start : wordStart;
                character = _lowers ? Characters.ToLower(character) : character;
                scratch.Mapped.Add(bytes[..new Rune(character).EncodeToUtf8(bytes)], start, end);
            }

            if (treatment == Treatment.Alone)
            {
                EncodeWord(wordStart, scratch);
            }

            start = end;
        }

        EncodeWord(wordStart, scratch);
    }

    private Treatment Classify(int character)
    {
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
                or UnicodeCategory.OtherSymbol when character < AsciiCount:
                return Treatment.Alone;
        }

        return character == 0xFFFD ? Treatment.Omitted : IsChinese(character) ? Treatment.Alone : Treatment.Kept;
    }

    // The ranges of BERT's tokenizer as the reference has them; 0x2B920 instead of 0x2B820 is a slip that all its users share.
    private static bool IsChinese(int character) => character
        is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2A6DF) or (>= 0x2A700 and <= 0x2B73F)
        or (>= 0x2B740 and <= 0x2B81F) or (>= 0x2B920 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);

    private void EncodeWord(int wordStart, EncodingScratch scratch)
    {
        ReadOnlySpan<byte> word = scratch.Mapped.Bytes;
        ReadOnlySpan<int> ends = scratch.Mapped.Ends;
        int before = scratch.Ids.Length;
        for (int start = 0; start < word.Length;)
        {
            // The first piece of a word starts with a mark; it may be the mark alone.
            PieceTrie.Node node = start == 0 && scratch.Ids.Length == before ? _wordStart : _pieces.Root;
            int length = 0;
            int token = !node.Exists ? -1 : _pieces.FindLongest(node, word[start..], out length);
            if (token < 0)
            {
                scratch.Truncate(before);
                scratch.Add(Vocabulary.Unknown!.Value, ends[^1]);
                break;
            }

            start += length;
            scratch.Add(token, start == 0 ? wordStart : ends[start - 1]);
        }

        scratch.Mapped.Clear();
    }
}

using System;
using System.Buffers;
using System.Runtime.CompilerServices;

namespace EdgeRuntime;

/// <summary>
/// A SentencePiece unigram tokenizer (T5 and multilingual embedding models). The text is normalized; of all sequences of pieces that spell
/// it, the one with the highest sum of scores is taken. Characters that no piece covers are unknown tokens.
/// </summary>
internal sealed class UnigramTokenizer : VocabularyTokenizer
{
    private const float UnknownPenalty = 10f;

    private static readonly VocabularyDefaults Defaults = new(EndOfSequence: 1, Unknown: 2, AddsEnd: true, FindsPieces: false);

    private readonly CharacterMap? _map;
    private readonly PieceTrie _pieces;
    private readonly PieceTrie _userDefined;
    private readonly double[] _scores;
    private readonly double _unknownScore;
    private readonly bool _mergesSpaces;

    public UnigramTokenizer(VocabularyData data)
        : this(data, CharacterMap.Read(data.CharsMap))
    {
    }

    private UnigramTokenizer(VocabularyData data, CharacterMap? map)
        : base(new Vocabulary(data, PieceSpelling.Sentence, Defaults), data.Tokens)
    {
        _map = map;
        AddsSpacePrefix = data.GetFlag("add_space_prefix", false);
        _mergesSpaces = data.GetFlag("remove_extra_whitespaces", false);
        _scores = new double[Vocabulary.Size];
        float lowest = float.MaxValue;
        var pieces = new PieceTrieBuilder();
        var userDefined = new PieceTrieBuilder();
        for (int token = 0; token < _scores.Length; token++)
        {
            // The types of the file count: known texts change attributes, but not the pieces of the model.
            float score = data.Scores.IsEmpty ? 0f : data.Scores.Span[token];
            TokenAttributes type = Vocabulary.ReadType(data, token);
            ReadOnlySpan<byte> text = data.Tokens[token];
            if (type == TokenAttributes.Normal)
            {
                lowest = Math.Min(lowest, score);
            }

            if (type is TokenAttributes.Normal or TokenAttributes.UserDefined or TokenAttributes.Unused)
            {
                pieces.Add(text, token);
            }

            if (type == TokenAttributes.UserDefined)
            {
                userDefined.Add(text, token);
            }

            // User-defined tokens win over normal ones, whose scores are logarithms of probabilities.
            _scores[token] = (Vocabulary.GetAttributes(token) & TokenAttributes.UserDefined) != 0 ? 0 : score;
        }

        _unknownScore = lowest - UnknownPenalty;
        _pieces = pieces.Build();
        _userDefined = userDefined.Build();
    }

    protected override bool AddsSpacePrefix { get; }

    protected override void EncodeText(ReadOnlySpan<byte> text, bool afterSpecial, EncodingScratch scratch)
    {
        MappedText normalized = scratch.Mapped;
        normalized.Clear();
        Normalize(text, normalized);
        if (normalized.Length == 0)
        {
            return;
        }

        Step[] steps = ArrayPool<Step>.Shared.Rent(normalized.Length + 1);
        FindBest(normalized.Bytes, steps.AsSpan(0, normalized.Length + 1));
        AddTokens(steps, normalized, scratch);
        ArrayPool<Step>.Shared.Return(steps);
    }

    private void Normalize(ReadOnlySpan<byte> text, MappedText normalized)
    {
        bool inWord = false;
        bool hasPrefix = false;
        for (int start = 0; start < text.Length;)
        {
            int consumed = Replace(text[start..], out ReadOnlySpan<byte> part);
            int end = start + consumed;
            for (int i = 0; i < part.Length; i++)
            {
                int place = i + 1 < part.Length ? Math.Min(start + 1, end) : end;
                if (part[i] != (byte)' ')
                {
                    if (!inWord && (_mergesSpaces || (AddsSpacePrefix && !hasPrefix)))
                    {
                        normalized.Add(SpaceMark.Utf8, start, start);
                        hasPrefix = true;
                    }

                    inWord = true;
                    normalized.Add(part[i], place);
                }
                else
                {
                    inWord = false;
                    if (!_mergesSpaces)
                    {
                        normalized.Add(SpaceMark.Utf8, start, place);
                    }
                }
            }

            start = end;
        }
    }

    /// <summary>Normalizes the beginning of a text.</summary>
    /// <returns>The number of bytes that the result stands for.</returns>
    private int Replace(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> part)
    {
        // Like the reference, keep whatever a user-defined token begins with.
        int length = _userDefined.MeasurePrefix(text);
        if (length > 0)
        {
            part = text[..length];
            return length;
        }

        if (_map is not null && (length = _map.Match(text, out part)) > 0)
        {
            return length;
        }

        // The beginning of a user-defined token may have been a part of a character.
        bool isInsideCharacter = Utf8.IsInsideCharacter(text, 0);
        length = isInsideCharacter ? 1 : Math.Min(Utf8.GetCharacterLength(text[0]), text.Length);
        part = isInsideCharacter ? "\uFFFD"u8 : text[..length];
        return length;
    }

    /// <summary>Finds the best token that ends at each place, from left to right.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FindBest(ReadOnlySpan<byte> text, Span<Step> steps)
    {
        int unknown = Vocabulary.Unknown!.Value;
        steps.Fill(new Step(double.MinValue, unknown, 0));
        steps[0] = new Step(0, unknown, 0);
        for (int start = 0; start < text.Length;)
        {
            int length = Math.Min(Utf8.GetCharacterLength(text[start]), text.Length - start);
            double sum = steps[start].Score;
            bool isCovered = false;
            PieceTrie.Node node = _pieces.Root;
            for (int end = start; end < text.Length;)
            {
                node = _pieces.Step(node, text[end++]);
                if (!node.Exists)
                {
                    break;
                }

                int token = node.Id;
                if (token >= 0)
                {
                    isCovered |= end - start == length;
                    Offer(ref steps[end], sum + _scores[token], token, start);
                }
            }

            if (!isCovered)
            {
                Offer(ref steps[start + length], sum + _unknownScore, unknown, start);
            }

            start += length;
        }
    }

    private static void Offer(ref Step step, double score, int token, int start)
    {
        if (score > step.Score)
        {
            step = new Step(score, token, start);
        }
    }

    /// <summary>Appends the tokens on the way to the end. A run of unknown tokens is one.</summary>
    private void AddTokens(ReadOnlySpan<Step> steps, MappedText text, EncodingScratch scratch)
    {
        int before = scratch.Ids.Length;
        bool wasUnknown = false;
        for (int end = text.Length; end > 0; end = steps[end].Start)
        {
            bool isUnknown = steps[end].Token == Vocabulary.Unknown;
            if (!isUnknown || !wasUnknown)
            {
                scratch.Add(steps[end].Token, text.Ends[end - 1]);
            }

            wasUnknown = isUnknown;
        }

        scratch.Reverse(before);
    }

    /// <summary>The best way to a place in the text.</summary>
    /// <param name="Score">The sum of the scores.</param>
    /// <param name="Token">The last token.</param>
    /// <param name="Start">The place at which the last token starts.</param>
    private readonly record struct Step(double Score, int Token, int Start);
}

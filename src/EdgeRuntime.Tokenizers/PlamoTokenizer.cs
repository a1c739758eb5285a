using System;
using System.Buffers;
using System.Runtime.CompilerServices;

namespace EdgeRuntime;

/// <summary>
/// The tokenizer of PLaMo 2: of all sequences of pieces that spell the text, the one with the highest sum of scores is taken; of equal
/// sums, the one whose first piece is longest. A character that no piece covers is written as byte tokens.
/// </summary>
internal sealed class PlamoTokenizer : VocabularyTokenizer
{
    private const double Precision = 1e4;
    private const int LowestScore = -20_000_000;
    private const int UnknownScore = -10_000_000;
    private const long Unreachable = 1L << 60;

    private static readonly VocabularyDefaults Defaults =
        new(BeginOfSequence: 1, EndOfSequence: 2, Unknown: 0, ReadsFlags: false, FindsPieces: false);

    private readonly PieceTrie _pieces;
    private readonly int[] _scores;
    private readonly int[] _byteTokens = new int[256];

    public PlamoTokenizer(VocabularyData data)
        : base(new Vocabulary(data, PieceSpelling.Plain, Defaults), data.Tokens)
    {
        AddsSpacePrefix = data.GetFlag("add_space_prefix", false);
        _scores = new int[Vocabulary.Size];
        Array.Fill(_byteTokens, -1);
        var pieces = new PieceTrieBuilder();
        for (int token = 0; token < _scores.Length; token++)
        {
            TokenAttributes attributes = Vocabulary.GetAttributes(token);
            if ((attributes & (TokenAttributes.Byte | TokenAttributes.Special)) == TokenAttributes.Byte)
            {
                _byteTokens[Vocabulary.GetWrittenBytes(token)[0]] = token;
                continue;
            }

            // Control tokens are recognized only where the text outside of data spells them.
            float score = data.Scores.IsEmpty ? 0f : data.Scores.Span[token];
            _scores[token] = float.IsFinite(score) ? (int)Math.Round(score * Precision, MidpointRounding.AwayFromZero) : LowestScore;
            if (_scores[token] > LowestScore && (attributes & TokenAttributes.Control) == 0)
            {
                pieces.Add(data.Tokens[token], token);
            }
        }

        _pieces = pieces.Build();
        int missing = Array.IndexOf(_byteTokens, -1);
        if (missing >= 0)
        {
            throw new VocabularyException("tokens", $"no byte token <0x{missing:X2}>", "a token of the type byte for each byte");
        }
    }

    protected override bool AddsSpacePrefix { get; }

    protected override void EncodeText(ReadOnlySpan<byte> text, bool afterSpecial, EncodingScratch scratch)
    {
        // A mark of the byte order at the beginning is no text.
        ReadOnlySpan<byte> mark = "\uFEFF"u8;
        int skipped = text.StartsWith(mark) ? mark.Length : 0;
        text = text[skipped..];
        Step[] steps = ArrayPool<Step>.Shared.Rent(text.Length + 1);
        FindBest(text, steps.AsSpan(0, text.Length + 1));
        for (int start = 0; start < text.Length;)
        {
            int end = start + steps[start].Length;
            if (steps[start].Token >= 0)
            {
                scratch.Add(steps[start].Token, skipped + end);
            }
            else
            {
                for (int i = start; i < end; i++)
                {
                    scratch.Add(_byteTokens[text[i]], skipped + i + 1);
                }
            }

            start = end;
        }

        ArrayPool<Step>.Shared.Return(steps);
    }

    /// <summary>Finds the best token that starts at each character, from right to left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FindBest(ReadOnlySpan<byte> text, Span<Step> steps)
    {
        steps.Fill(new Step(Unreachable, -1, 1));
        steps[text.Length] = new Step(0, -1, 0);
        for (int start = text.Length - 1; start >= 0; start--)
        {
            if (Utf8.IsInsideCharacter(text, start))
            {
                continue; // not the first byte of a character
            }

            int length = Utf8.GetCharacterLength(text[start]);
            var best = new Step(steps[start + length].Cost - UnknownScore, -1, length);
            PieceTrie.Node node = _pieces.Root;
            for (int end = start; end < text.Length;)
            {
                node = _pieces.Step(node, text[end++]);
                if (!node.Exists)
                {
                    break;
                }

                int token = node.Id;
                if (token >= 0 && steps[end].Cost - _scores[token] <= best.Cost)
                {
                    best = new Step(steps[end].Cost - _scores[token], token, end - start);
                }
            }

            steps[start] = best;
        }
    }

    /// <summary>The best way from a place to the end of the text.</summary>
    /// <param name="Cost">The sum of the scores, negative.</param>
    /// <param name="Token">The first token, or -1 for a character in bytes.</param>
    /// <param name="Length">The number of bytes of the first token.</param>
    private readonly record struct Step(long Cost, int Token, int Length);
}

using System;

namespace EdgeRuntime;

/// <summary>An RWKV tokenizer: from left to right, the longest piece that the text continues with. The pieces are escaped bytes.</summary>
internal sealed class RwkvTokenizer : VocabularyTokenizer
{
    private static readonly VocabularyDefaults Defaults = new(ReadsFlags: false, FindsPieces: false);

    private readonly PieceTrie _pieces;

    public RwkvTokenizer(VocabularyData data)
        : base(new Vocabulary(data, PieceSpelling.Escaped, Defaults), data.Tokens)
    {
        var pieces = new PieceTrieBuilder();
        for (int token = 0; token < Vocabulary.Size; token++)
        {
            // Unlike in the reference, data cannot spell a control token.
            if ((Vocabulary.GetAttributes(token) & TokenAttributes.Control) == 0)
            {
                pieces.Add(Vocabulary.GetWrittenBytes(token), token);
            }
        }

        _pieces = pieces.Build();
    }

    protected override void EncodeText(ReadOnlySpan<byte> text, bool afterSpecial, EncodingScratch scratch)
    {
        for (int start = 0; start < text.Length;)
        {
            int token = _pieces.FindLongest(text[start..], out int length);
            start += Math.Max(length, 1);
            if (token < 0 && Vocabulary.Unknown is int unknown)
            {
                token = unknown;
            }

            // Without an unknown token, a byte that no piece starts with cannot be written.
            if (token >= 0)
            {
                scratch.Add(token, start);
            }
        }
    }
}

using System;
using System.Text;

namespace EdgeRuntime;

/// <summary>A BPE tokenizer that omits white space, which only separates words (Chinese Jina embeddings).</summary>
internal sealed class WhitespaceTokenizer : BytePairTokenizer
{
    private const string PreTokenizerName = "whitespace";

    private readonly bool _lowers;

    public WhitespaceTokenizer(VocabularyData data)
        : base(data, PreTokenizers.Find(data.PreTokenizer)) =>
        _lowers = data.GetFlag("normalizer.lowercase", data.PreTokenizer != PreTokenizerName);

    protected override void EncodeText(ReadOnlySpan<byte> text, bool afterSpecial, EncodingScratch scratch)
    {
        scratch.Mapped.Clear();
        Span<byte> bytes = stackalloc byte[4];
        for (int start = 0; start < text.Length;)
        {
            _ = Rune.DecodeFromUtf8(text[start..], out Rune rune, out int length);
            if (Characters.IsWhiteSpace(rune.Value))
            {
                EncodeSegment(scratch);
            }
            else
            {
                var character = new Rune(_lowers ? Characters.ToLower(rune.Value) : rune.Value);
                scratch.Mapped.Add(bytes[..character.EncodeToUtf8(bytes)], start, start + length);
            }

            start += length;
        }

        EncodeSegment(scratch);
    }

    private void EncodeSegment(EncodingScratch scratch)
    {
        MappedText segment = scratch.Mapped;
        int before = scratch.Ids.Length;
        if (segment.Length > 0)
        {
            EncodeWords(segment.Bytes, scratch);
            foreach (ref int end in scratch.Ends[before..])
            {
                end = segment.Ends[end - 1];
            }
        }

        segment.Clear();
    }
}

using System;
using System.Buffers;
using System.Collections.Generic;
using System.Text;
using System.Threading;

namespace EdgeRuntime.Tokenizers;

/// <summary>
/// The base of tokenizers with a vocabulary. Encoding splits off special tokens, passes the text between them to the derived class, and
/// adds BOS and EOS; decoding concatenates pieces.
/// </summary>
internal abstract class VocabularyTokenizer : Tokenizer
{
    private readonly SpecialTokenSplitter _splitter;
    private SymbolMerger? _spareMerger;

    protected VocabularyTokenizer(Vocabulary vocabulary, IReadOnlyList<ReadOnlyMemory<byte>> tokens)
    {
        Vocabulary = vocabulary;
        _splitter = new SpecialTokenSplitter(vocabulary, tokens);
    }

    public override int VocabularySize => Vocabulary.Size;

    public override int? BeginOfSequence => Vocabulary.BeginOfSequence;

    public override int? EndOfSequence => Vocabulary.EndOfSequence;

    protected Vocabulary Vocabulary { get; }

    /// <summary>Gets whether encoding adds a space before the first piece of a text.</summary>
    protected virtual bool AddsSpacePrefix => false;

    public override bool IsEndOfGeneration(int token) => Vocabulary.IsEndOfGeneration(token);

    public override bool IsControl(int token) => (Vocabulary.GetAttributes(Check(token)) & TokenAttributes.Control) != 0;

    public override IReadOnlyList<int> Encode(PromptText prompt, bool addSpecial = true)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        string text = prompt.Text;
        var output = new List<int>((text.Length / 3) + 4);
        if (addSpecial && Vocabulary.AddsBegin)
        {
            output.Add(Vocabulary.BeginOfSequence!.Value);
        }

        if (text.Length > 0)
        {
            byte[] utf8 = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetByteCount(text));
            int length = Encoding.UTF8.GetBytes(text, utf8);
            EncodeFragments(utf8.AsSpan(0, length), Utf8.ToBytes(text, prompt.Data), output);
            ArrayPool<byte>.Shared.Return(utf8);
        }

        if (addSpecial && Vocabulary.AddsEnd)
        {
            output.Add(Vocabulary.EndOfSequence!.Value);
        }

        return output;
    }

    public override ReadOnlySpan<byte> GetPieceBytes(int token, bool special = false) =>
        !special && (Vocabulary.GetAttributes(Check(token)) & TokenAttributes.Hidden) != 0
            ? []
            : Vocabulary.GetWrittenBytes(Check(token));

    public override string Decode(ReadOnlySpan<int> tokens, bool special = false)
    {
        int length = 0;
        foreach (int token in tokens)
        {
            length = checked(length + GetPieceBytes(token, special).Length);
        }

        byte[] bytes = ArrayPool<byte>.Shared.Rent(length);
        int written = 0;
        bool first = AddsSpacePrefix;
        foreach (int token in tokens)
        {
            ReadOnlySpan<byte> piece = TrimPrefix(GetPieceBytes(token, special), ref first);
            piece.CopyTo(bytes.AsSpan(written));
            written += piece.Length;
        }

        string text = Encoding.UTF8.GetString(bytes, 0, written);
        ArrayPool<byte>.Shared.Return(bytes);
        return text;
    }

    public override TokenStreamDecoder CreateStreamDecoder(bool continuesText = false) =>
        new PieceStreamDecoder(this, AddsSpacePrefix && !continuesText);

    /// <summary>Removes the space that encoding added before a text.</summary>
    /// <param name="piece">The next piece.</param>
    /// <param name="first">Whether all pieces so far were empty; becomes false with the first piece that is not.</param>
    internal static ReadOnlySpan<byte> TrimPrefix(ReadOnlySpan<byte> piece, ref bool first)
    {
        if (first && piece.Length > 0)
        {
            first = false;
            return piece[0] == (byte)' ' ? piece[1..] : piece;
        }

        return piece;
    }

    /// <summary>Encodes a text without special tokens.</summary>
    /// <param name="text">Valid UTF-8, not empty.</param>
    /// <param name="afterSpecial">Whether the text is at the beginning or follows a special token.</param>
    /// <param name="merger">Scratch memory.</param>
    /// <param name="output">Receives the token ids.</param>
    protected abstract void EncodeText(ReadOnlySpan<byte> text, bool afterSpecial, SymbolMerger merger, List<int> output);

    private void EncodeFragments(ReadOnlySpan<byte> utf8, ReadOnlySpan<TextRange> data, List<int> output)
    {
        SymbolMerger merger = Interlocked.Exchange(ref _spareMerger, null) ?? new SymbolMerger();
        bool afterSpecial = true;
        foreach (TextFragment fragment in _splitter.Split(utf8, data))
        {
            if (fragment.Token >= 0)
            {
                output.Add(fragment.Token);
            }
            else
            {
                EncodeText(utf8.Slice(fragment.Start, fragment.Length), afterSpecial, merger, output);
            }

            afterSpecial = fragment.Token >= 0;
        }

        merger.Trim();
        _spareMerger = merger;
    }

    private int Check(int token)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(token);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(token, Vocabulary.Size);
        return token;
    }
}

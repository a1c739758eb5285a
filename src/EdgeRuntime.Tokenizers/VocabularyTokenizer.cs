using System;
using System.Buffers;
using System.Collections.Generic;
using System.Text;
using System.Threading;
using EdgeRuntime.Gguf;

namespace EdgeRuntime;

/// <summary>
/// The base of tokenizers with a vocabulary. Encoding splits off special tokens, passes the text between them to the derived class, and
/// adds BOS and EOS; decoding concatenates pieces.
/// </summary>
internal abstract class VocabularyTokenizer : Tokenizer
{
    private readonly SpecialTokenSplitter _splitter;
    private EncodingScratch? _spareScratch;

    protected VocabularyTokenizer(Vocabulary vocabulary, GgufStrings tokens)
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

    public override int[] Encode(PromptText prompt, bool addSpecial = true)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        EncodingScratch scratch = Run(prompt.Text, Utf8.ToBytes(prompt.Text, prompt.DataRanges), addSpecial);
        int[] ids = scratch.Ids.ToArray();
        Return(scratch);
        return ids;
    }

    public override IReadOnlyList<EncodedToken> EncodeWithOffsets(PromptText prompt, bool addSpecial = true)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        EncodingScratch scratch = Run(prompt.Text, Utf8.ToBytes(prompt.Text, prompt.DataRanges), addSpecial);
        EncodedToken[] tokens = TokenRanges.Of(prompt.Text, scratch.Ids, scratch.Ends);
        Return(scratch);
        return tokens;
    }

    public override bool TryEncode(
        ReadOnlySpan<char> text, Span<int> tokens, out int count, bool addSpecial = true, bool parseSpecial = false)
    {
        EncodingScratch scratch = Run(text, parseSpecial ? [] : [new TextRange(0, Encoding.UTF8.GetByteCount(text))], addSpecial);
        count = scratch.Ids.Length;
        bool fits = scratch.Ids.TryCopyTo(tokens);
        Return(scratch);
        return fits;
    }

    public override ReadOnlySpan<byte> GetPieceBytes(int token, bool special = false) =>
        !special && (Vocabulary.GetAttributes(Check(token)) & TokenAttributes.Hidden) != 0
            ? []
            : Vocabulary.GetWrittenBytes(Check(token));

    public override string Decode(ReadOnlySpan<int> tokens, bool special = false)
    {
        byte[] bytes = RentBytes(tokens, special, out int length);
        string text = Encoding.UTF8.GetString(bytes, 0, length);
        ArrayPool<byte>.Shared.Return(bytes);
        return text;
    }

    public override bool TryDecode(ReadOnlySpan<int> tokens, Span<char> text, out int length, bool special = false)
    {
        byte[] rented = RentBytes(tokens, special, out int byteCount);
        ReadOnlySpan<byte> bytes = rented.AsSpan(0, byteCount);
        bool fits = Encoding.UTF8.TryGetChars(bytes, text, out length);
        length = fits ? length : Encoding.UTF8.GetCharCount(bytes);
        ArrayPool<byte>.Shared.Return(rented);
        return fits;
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
    /// <param name="scratch">Receives the tokens, with ends from the start of this text.</param>
    protected abstract void EncodeText(ReadOnlySpan<byte> text, bool afterSpecial, EncodingScratch scratch);

    /// <summary>Encodes a text. The caller returns the scratch memory, which has the tokens.</summary>
    private EncodingScratch Run(ReadOnlySpan<char> text, ReadOnlySpan<TextRange> data, bool addSpecial)
    {
        EncodingScratch scratch = Interlocked.Exchange(ref _spareScratch, null) ?? new EncodingScratch();
        scratch.Clear();
        if (addSpecial && Vocabulary.AddedBegin is int begin)
        {
            scratch.Add(begin, 0);
        }

        int length = 0;
        if (text.Length > 0)
        {
            byte[] utf8 = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetByteCount(text));
            length = Encoding.UTF8.GetBytes(text, utf8);
            EncodeFragments(utf8.AsSpan(0, length), data, scratch);
            ArrayPool<byte>.Shared.Return(utf8);
        }

        if (addSpecial && Vocabulary.AddedEnd is int end)
        {
            scratch.Add(end, length);
        }

        return scratch;
    }

    private void Return(EncodingScratch scratch)
    {
        scratch.Trim();
        _spareScratch = scratch;
    }

    private void EncodeFragments(ReadOnlySpan<byte> utf8, ReadOnlySpan<TextRange> data, EncodingScratch scratch)
    {
        List<TextFragment> fragments = scratch.Fragments;
        _splitter.Split(utf8, data, fragments);
        for (int i = 0; i < fragments.Count; i++)
        {
            // White space that a token swallows belongs to it.
            TextFragment fragment = fragments[i];
            if (fragment.Token >= 0)
            {
                scratch.Add(fragment.Token, i + 1 < fragments.Count ? fragments[i + 1].Start : utf8.Length);
            }
            else
            {
                bool afterSpecial = i == 0 || fragments[i - 1].Token >= 0;
                EncodeFragment(utf8[fragment.Start..fragment.End], fragment.Start, afterSpecial, scratch);
            }
        }
    }

    /// <summary>Encodes a part of the text. Bytes at its end that have no token belong to its last one.</summary>
    private void EncodeFragment(ReadOnlySpan<byte> text, int start, bool afterSpecial, EncodingScratch scratch)
    {
        int before = scratch.Ids.Length;
        EncodeText(text, afterSpecial, scratch);
        Span<int> ends = scratch.Ends[before..];
        foreach (ref int end in ends)
        {
            end += start;
        }

        if (ends.Length > 0)
        {
            ends[^1] = start + text.Length;
        }
    }

    /// <summary>Concatenates pieces in an array of the shared pool, which the caller returns.</summary>
    private byte[] RentBytes(ReadOnlySpan<int> tokens, bool special, out int length)
    {
        int most = 0;
        foreach (int token in tokens)
        {
            most = checked(most + GetPieceBytes(token, special).Length);
        }

        byte[] bytes = ArrayPool<byte>.Shared.Rent(most);
        length = 0;
        bool first = AddsSpacePrefix;
        foreach (int token in tokens)
        {
            ReadOnlySpan<byte> piece = TrimPrefix(GetPieceBytes(token, special), ref first);
            piece.CopyTo(bytes.AsSpan(length));
            length += piece.Length;
        }

        return bytes;
    }

    private int Check(int token)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(token);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(token, Vocabulary.Size);
        return token;
    }
}

using System;
using System.Collections.Generic;
using EdgeRuntime.Gguf;

namespace EdgeRuntime;

/// <summary>Converts text to token ids and back, for one vocabulary. Immutable and thread-safe.</summary>
/// <example>
/// <code>
/// Tokenizer tokenizer = Tokenizer.FromGguf("model.gguf");
/// int count = tokenizer.CountTokens("How many tokens are this?");
/// foreach (EncodedToken token in tokenizer.EncodeWithOffsets(text, addSpecial: false))
/// {
///     Console.WriteLine($"{token.Id}: {text[token.Range]}");
/// }
/// </code>
/// </example>
public abstract class Tokenizer
{
    /// <summary>Creates the tokenizer of a model file. Reads only the metadata of the file, not its weights, and closes the file.</summary>
    /// <param name="path">The path of a .gguf file; for a split model, the path of any part.</param>
    /// <param name="preTokenizer">
    /// The name of the pre-tokenizer ("llama-bpe", "qwen2" and others), which replaces the one that the file names; null for that of the
    /// file. It matters to BPE vocabularies only.
    /// </param>
    /// <exception cref="ModelFormatException">The file is damaged, or its vocabulary contradicts itself.</exception>
    /// <exception cref="UnsupportedModelException">
    /// The tokenizer model or the pre-tokenizer is not supported; the message lists the supported ones.
    /// </exception>
    /// <exception cref="System.IO.FileNotFoundException">There is no such file.</exception>
    /// <exception cref="System.IO.IOException">The file can't be read, or the path is a folder.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to the file is denied.</exception>
    public static Tokenizer FromGguf(string path, string? preTokenizer = null)
    {
        using GgufFile file = GgufFile.Open(path);
        return GgufVocabulary.CreateTokenizer(file, preTokenizer);
    }

    /// <summary>
    /// Creates the tokenizer of a model folder in Hugging Face's layout: <c>tokenizer.json</c> (or <c>tokenizer.model</c>), and, where they
    /// are there, <c>tokenizer_config.json</c> and <c>config.json</c>. It is the tokenizer of a GGUF file of the same model.
    /// </summary>
    /// <param name="folder">The path of the folder.</param>
    /// <param name="preTokenizer">
    /// The name of the pre-tokenizer ("llama-bpe", "qwen2" and others), which replaces the one that the files describe; null to find it. It
    /// matters to BPE vocabularies only.
    /// </param>
    /// <exception cref="ModelFormatException">A file is damaged, or the vocabulary contradicts itself.</exception>
    /// <exception cref="UnsupportedModelException">
    /// The tokenizer or a part of it is not supported; the message names it, and lists what is supported.
    /// </exception>
    /// <exception cref="System.IO.IOException">The folder has no tokenizer, or a file can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to a file is denied.</exception>
    public static Tokenizer FromHuggingFace(string folder, string? preTokenizer = null)
    {
        ArgumentNullException.ThrowIfNull(folder);
        return HuggingFaceVocabulary.Read(folder, preTokenizer).Tokenizer;
    }

    /// <summary>Creates the tokenizer of a vocabulary.</summary>
    /// <exception cref="TokenizerException">
    /// The tokenizer model or the pre-tokenizer is not supported; the message lists the supported ones.
    /// </exception>
    /// <exception cref="VocabularyException">The vocabulary is contradictory.</exception>
    internal static Tokenizer Create(VocabularyData vocabulary)
    {
        ArgumentNullException.ThrowIfNull(vocabulary);
        return TokenizerModels.Create(vocabulary);
    }

    /// <summary>Gets the number of token ids. Ids start at 0.</summary>
    public abstract int VocabularySize { get; }

    /// <summary>Gets the beginning-of-sequence token, or null if the vocabulary has none.</summary>
    public abstract int? BeginOfSequence { get; }

    /// <summary>Gets the end-of-sequence token, or null if the vocabulary has none.</summary>
    public abstract int? EndOfSequence { get; }

    /// <summary>Gets whether <paramref name="token"/> ends an answer (EOS, end of turn, end of text and others).</summary>
    public abstract bool IsEndOfGeneration(int token);

    /// <summary>Gets whether the token is a control token, which has no text of its own.</summary>
    public abstract bool IsControl(int token);

    /// <summary>Encodes a text.</summary>
    /// <param name="text">Any text; unpaired surrogates become U+FFFD.</param>
    /// <param name="addSpecial">Whether to add BOS (and EOS) if the vocabulary specifies it. The default is true.</param>
    /// <param name="parseSpecial">
    /// Whether control tokens that are spelled out in the text (<c>&lt;|im_start|&gt;</c>) become their ids. By default they are plain
    /// text.
    /// </param>
    /// <returns>A new array of the token ids.</returns>
    public int[] Encode(string text, bool addSpecial = true, bool parseSpecial = false) =>
        Encode(parseSpecial ? PromptText.Parsed(text) : PromptText.Plain(text), addSpecial);

    /// <summary>Encodes a text with data.</summary>
    /// <param name="text">
    /// Any text; unpaired surrogates become U+FFFD. Control tokens that are spelled out outside of the data become ids.
    /// </param>
    /// <param name="addSpecial">Whether to add BOS (and EOS) if the vocabulary specifies it. The default is true.</param>
    /// <returns>A new array of the token ids.</returns>
    public abstract int[] Encode(PromptText text, bool addSpecial = true);

    /// <summary>Encodes a text into a span. The tokenizers of this library allocate nothing for a text without special tokens.</summary>
    /// <param name="text">Any text; unpaired surrogates become U+FFFD.</param>
    /// <param name="tokens">Receives the token ids.</param>
    /// <param name="count">The number of tokens of the text, even if they do not fit.</param>
    /// <param name="addSpecial">Whether to add BOS (and EOS) if the vocabulary specifies it. The default is true.</param>
    /// <param name="parseSpecial">
    /// Whether control tokens that are spelled out in the text become their ids. By default they are plain text.
    /// </param>
    /// <returns>False if the tokens do not fit into the span. Nothing is written then.</returns>
    public virtual bool TryEncode(
        ReadOnlySpan<char> text, Span<int> tokens, out int count, bool addSpecial = true, bool parseSpecial = false)
    {
        int[] ids = Encode(text.ToString(), addSpecial, parseSpecial);
        count = ids.Length;
        return ids.AsSpan().TryCopyTo(tokens);
    }

    /// <summary>Counts the tokens of a text, without a list of them.</summary>
    /// <param name="text">Any text; unpaired surrogates become U+FFFD.</param>
    /// <param name="addSpecial">Whether to add BOS (and EOS) if the vocabulary specifies it. The default is true.</param>
    /// <param name="parseSpecial">
    /// Whether control tokens that are spelled out in the text become their ids. By default they are plain text.
    /// </param>
    /// <returns>The number of tokens that <see cref="Encode(string, bool, bool)"/> returns.</returns>
    public int CountTokens(ReadOnlySpan<char> text, bool addSpecial = true, bool parseSpecial = false)
    {
        TryEncode(text, [], out int count, addSpecial, parseSpecial);
        return count;
    }

    /// <summary>Encodes a text and gets the part of the text that each token stands for.</summary>
    /// <param name="text">Any text; unpaired surrogates become U+FFFD.</param>
    /// <param name="addSpecial">Whether to add BOS (and EOS) if the vocabulary specifies it. The default is true.</param>
    /// <param name="parseSpecial">
    /// Whether control tokens that are spelled out in the text become their ids. By default they are plain text.
    /// </param>
    /// <returns>The tokens in order. Their ranges cover the text without gaps.</returns>
    /// <exception cref="NotSupportedException">The tokenizer is a custom one that gives no offsets.</exception>
    public IReadOnlyList<EncodedToken> EncodeWithOffsets(string text, bool addSpecial = true, bool parseSpecial = false) =>
        EncodeWithOffsets(parseSpecial ? PromptText.Parsed(text) : PromptText.Plain(text), addSpecial);

    /// <summary>Encodes a text with data and gets the part of the text that each token stands for.</summary>
    /// <param name="text">
    /// Any text; unpaired surrogates become U+FFFD. Control tokens that are spelled out outside of the data become ids.
    /// </param>
    /// <param name="addSpecial">Whether to add BOS (and EOS) if the vocabulary specifies it. The default is true.</param>
    /// <returns>The tokens in order. Their ranges cover the text without gaps.</returns>
    /// <exception cref="NotSupportedException">The tokenizer is a custom one that gives no offsets.</exception>
    public virtual IReadOnlyList<EncodedToken> EncodeWithOffsets(PromptText text, bool addSpecial = true) =>
        throw new NotSupportedException("this tokenizer gives no offsets of tokens; override EncodeWithOffsets");

    /// <summary>Gets the bytes of a token: UTF-8, but possibly only a part of a character.</summary>
    /// <param name="token">The token id.</param>
    /// <param name="special">Whether control tokens return their written form instead of no bytes.</param>
    public abstract ReadOnlySpan<byte> GetPieceBytes(int token, bool special = false);

    /// <summary>Decodes token ids. Invalid UTF-8 becomes U+FFFD.</summary>
    /// <param name="tokens">The token ids.</param>
    /// <param name="special">Whether control tokens are written out. By default they have no text.</param>
    /// <exception cref="ArgumentOutOfRangeException">A token id is not in the vocabulary.</exception>
    public abstract string Decode(ReadOnlySpan<int> tokens, bool special = false);

    /// <summary>Decodes token ids into a span. The tokenizers of this library allocate nothing.</summary>
    /// <param name="tokens">The token ids.</param>
    /// <param name="text">Receives the text. If it is too short, its content is undefined.</param>
    /// <param name="length">The length of the text in UTF-16 units, even if it does not fit.</param>
    /// <param name="special">Whether control tokens are written out. By default they have no text.</param>
    /// <returns>False if the text does not fit into the span.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A token id is not in the vocabulary.</exception>
    public virtual bool TryDecode(ReadOnlySpan<int> tokens, Span<char> text, out int length, bool special = false)
    {
        string decoded = Decode(tokens, special);
        length = decoded.Length;
        return decoded.TryCopyTo(text);
    }

    /// <summary>
    /// Removes the spaces before punctuation that the reference implementation of this vocabulary removes from decoded texts
    /// (<c>clean_up_tokenization_spaces</c>). It changes texts such as <c>ls .</c>, so decoding never does it.
    /// </summary>
    /// <param name="text">A decoded text.</param>
    /// <returns>The tidied text; the same text if the reference does not tidy.</returns>
    public virtual string TidySpaces(string text) => text;

    /// <summary>
    /// Creates a decoder for tokens that arrive one at a time. It never returns half a character, and its output in total equals the result
    /// of <see cref="Decode"/> for all tokens.
    /// </summary>
    /// <param name="continuesText">Whether the tokens continue a text, so that a space before the first word is kept.</param>
    public abstract TokenStreamDecoder CreateStreamDecoder(bool continuesText = false);
}

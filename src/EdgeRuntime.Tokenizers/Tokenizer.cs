using System;
using System.Collections.Generic;

namespace EdgeRuntime.Tokenizers;

/// <summary>Converts text to token ids and back, for one vocabulary. Immutable and thread-safe.</summary>
public abstract class Tokenizer
{
    /// <summary>Creates the tokenizer of a vocabulary.</summary>
    /// <exception cref="TokenizerException">
    /// The tokenizer model or the pre-tokenizer is not supported; the message lists the supported ones.
    /// </exception>
    /// <exception cref="VocabularyException">The vocabulary is contradictory.</exception>
    public static Tokenizer Create(VocabularyData vocabulary)
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
    /// <param name="addSpecial">Whether to add BOS (and EOS) if the vocabulary specifies it.</param>
    /// <param name="parseSpecial">
    /// Whether control tokens that are spelled out in the text (<c>&lt;|im_start|&gt;</c>) become their ids; otherwise they are plain text.
    /// </param>
    public IReadOnlyList<int> Encode(string text, bool addSpecial = true, bool parseSpecial = false) =>
        Encode(parseSpecial ? PromptText.Parsed(text) : PromptText.Plain(text), addSpecial);

    /// <summary>Encodes a text with data.</summary>
    /// <param name="text">
    /// Any text; unpaired surrogates become U+FFFD. Control tokens that are spelled out outside of the data become ids.
    /// </param>
    /// <param name="addSpecial">Whether to add BOS (and EOS) if the vocabulary specifies it.</param>
    public abstract IReadOnlyList<int> Encode(PromptText text, bool addSpecial = true);

    /// <summary>Gets the bytes of a token: UTF-8, but possibly only a part of a character.</summary>
    /// <param name="token">The token id.</param>
    /// <param name="special">Whether control tokens return their written form instead of no bytes.</param>
    public abstract ReadOnlySpan<byte> GetPieceBytes(int token, bool special = false);

    /// <summary>Decodes token ids. Invalid UTF-8 becomes U+FFFD.</summary>
    public abstract string Decode(ReadOnlySpan<int> tokens, bool special = false);

    /// <summary>
    /// Gets whether the reference implementation of the vocabulary tidies English spacing of decoded text. <see cref="Decode"/> never does
    /// this, because it changes the text of the tokens.
    /// </summary>
    public virtual bool TidiesSpaces => false;

    /// <summary>
    /// Creates a decoder for tokens that arrive one at a time. It never returns half a character, and its output in total equals the result
    /// of <see cref="Decode"/> for all tokens.
    /// </summary>
    /// <param name="continuesText">Whether the tokens continue a text, so that a space before the first word is kept.</param>
    public abstract TokenStreamDecoder CreateStreamDecoder(bool continuesText = false);
}

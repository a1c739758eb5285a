using System;
using System.Collections.Generic;

namespace EdgeRuntime.Tokenizers;

/// <summary>
/// Text to token ids and back, for one vocabulary. Immutable and safe to use from many threads.
/// </summary>
public abstract class Tokenizer
{
    /// <summary>Makes the tokenizer of a vocabulary.</summary>
    /// <exception cref="TokenizerException">Its tokenizer model or pre-tokenizer is not supported; the message says what is.</exception>
    /// <exception cref="VocabularyException">It contradicts itself.</exception>
    public static Tokenizer Create(VocabularyData vocabulary)
    {
        ArgumentNullException.ThrowIfNull(vocabulary);
        return TokenizerModels.Create(vocabulary);
    }

    /// <summary>Number of token ids; they run from 0.</summary>
    public abstract int VocabularySize { get; }

    /// <summary>Beginning-of-sequence token, or null where the vocabulary has none.</summary>
    public abstract int? BeginOfSequence { get; }

    /// <summary>End-of-sequence token, or null.</summary>
    public abstract int? EndOfSequence { get; }

    /// <summary>Whether <paramref name="token"/> ends an answer (EOS, end of turn, end of text ...).</summary>
    public abstract bool IsEndOfGeneration(int token);

    /// <summary>Whether the token is a control token: it has no text of its own.</summary>
    public abstract bool IsControl(int token);

    /// <summary>Token ids of <paramref name="text"/>.</summary>
    /// <param name="text">Any text; unpaired surrogates count as U+FFFD.</param>
    /// <param name="addSpecial">Adds BOS (and EOS) where the vocabulary asks for it.</param>
    /// <param name="parseSpecial">
    /// Control tokens written out in the text (<c>&lt;|im_start|&gt;</c>) become their ids; otherwise they are plain text.
    /// </param>
    public IReadOnlyList<int> Encode(string text, bool addSpecial = true, bool parseSpecial = false) =>
        Encode(parseSpecial ? PromptText.Parsed(text) : PromptText.Plain(text), addSpecial);

    /// <summary>Token ids of a text of which some parts are data.</summary>
    /// <param name="text">Any text; unpaired surrogates count as U+FFFD. Control tokens written out beside the data become ids.</param>
    /// <param name="addSpecial">Adds BOS (and EOS) where the vocabulary asks for it.</param>
    public abstract IReadOnlyList<int> Encode(PromptText text, bool addSpecial = true);

    /// <summary>The bytes that a token stands for, UTF-8 but perhaps only a part of a character.</summary>
    /// <param name="token">A token id.</param>
    /// <param name="special">Whether control tokens give their written form (otherwise nothing).</param>
    public abstract ReadOnlySpan<byte> GetPieceBytes(int token, bool special = false);

    /// <summary>Text of token ids; bytes that are no UTF-8 become U+FFFD.</summary>
    public abstract string Decode(ReadOnlySpan<int> tokens, bool special = false);

    /// <summary>
    /// Whether the vocabulary's reference tidies English spacing of a decoded text. <see cref="Decode"/> never does: it would change
    /// what the tokens say.
    /// </summary>
    public virtual bool TidiesSpaces => false;

    /// <summary>
    /// A decoder for tokens that arrive one at a time; it never gives out half a character, and all it gives out is what
    /// <see cref="Decode"/> gives for all the tokens.
    /// </summary>
    /// <param name="continuesText">
    /// Whether the tokens go on with a text: a space before the first word belongs to it then, and is not dropped.
    /// </param>
    public abstract TokenStreamDecoder CreateStreamDecoder(bool continuesText = false);
}

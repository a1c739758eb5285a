using System;
using System.Collections.Generic;
using EdgeRuntime.Gguf;

namespace EdgeRuntime;

/// <summary>A vocabulary in the terms of GGUF files (the <c>tokenizer.ggml.*</c> keys).</summary>
internal sealed record VocabularyData
{
    /// <summary>Gets the tokenizer model: "llama" (SentencePiece BPE), "gpt2" (byte-level BPE), "bert" (WordPiece) and others.</summary>
    public required string Model { get; init; }

    /// <summary>
    /// Gets the name of the language model; null if the file has none. It is the only sign of Phi-3, whose tokens swallow the white space
    /// after them.
    /// </summary>
    public string? ModelName { get; init; }

    /// <summary>
    /// Gets the architecture of the language model; null if the file has none. It is the only sign of the mask token of some embedding
    /// models, which swallows the white space before it.
    /// </summary>
    public string? Architecture { get; init; }

    /// <summary>Gets the name of the pre-tokenizer ("llama-bpe", "qwen2", "smollm" and others); null if the file has none.</summary>
    public string? PreTokenizer { get; init; }

    /// <summary>Gets the piece of each token id as bytes of the file. They are usually, but not necessarily, UTF-8.</summary>
    public required GgufStrings Tokens { get; init; }

    /// <summary>Gets the score of each token; empty if the file has none.</summary>
    public ReadOnlyMemory<float> Scores { get; init; }

    /// <summary>
    /// Gets the type of each token: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte; empty if the file has none.
    /// </summary>
    public ReadOnlyMemory<int> TokenTypes { get; init; }

    /// <summary>Gets the BPE merges, "left right", best first, as bytes like <see cref="Tokens"/>.</summary>
    public GgufStringSequence Merges { get; init; } = GgufStringSequence.Empty;

    /// <summary>
    /// Gets the special token ids by the last part of their key: "bos", "eos", "eot", "eom", "unknown", "padding", "separator" and others.
    /// </summary>
    public IReadOnlyDictionary<string, int> SpecialTokens { get; init; } = new Dictionary<string, int>();

    /// <summary>
    /// Gets the flags of the file, such as "add_bos_token", "add_eos_token", "add_space_prefix" and "remove_extra_whitespaces".
    /// </summary>
    public IReadOnlyDictionary<string, bool> Flags { get; init; } = new Dictionary<string, bool>();

    /// <summary>Gets the compiled normalizer of a SentencePiece model (<c>precompiled_charsmap</c>); empty if the file has none.</summary>
    public ReadOnlyMemory<byte> CharsMap { get; init; }

    /// <summary>
    /// Gets the tokens that swallow the white space beside them; null for a vocabulary that does not record them, such as that of a GGUF
    /// file.
    /// </summary>
    public IReadOnlyDictionary<int, TokenAttributes>? Stripping { get; init; }

    /// <summary>Gets a flag, or the fallback if the file does not have it.</summary>
    internal bool GetFlag(string key, bool fallback) => Flags.TryGetValue(key, out bool flag) ? flag : fallback;
}

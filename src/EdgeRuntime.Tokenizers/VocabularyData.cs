using System;
using System.Collections.Generic;

namespace EdgeRuntime.Tokenizers;

/// <summary>A vocabulary as its file describes it (the <c>tokenizer.ggml.*</c> keys), free of any file format.</summary>
public sealed record VocabularyData
{
    /// <summary>"llama" (SentencePiece BPE), "gpt2" (byte-level BPE), "bert" (WordPiece), ...</summary>
    public required string Model { get; init; }

    /// <summary>The model's name; null where the file has none. Phi-3's tokens drop the white space after them, and only its name tells.</summary>
    public string? ModelName { get; init; }

    /// <summary>Pre-tokenizer's name ("llama-bpe", "qwen2", "smollm" ...); null where the file names none.</summary>
    public string? PreTokenizer { get; init; }

    /// <summary>Piece of each token id, in the bytes of the file: UTF-8 as a rule, but nothing makes sure of it.</summary>
    public required IReadOnlyList<ReadOnlyMemory<byte>> Tokens { get; init; }

    /// <summary>Score of each token; empty where the file has none.</summary>
    public ReadOnlyMemory<float> Scores { get; init; }

    /// <summary>Type of each token: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte; empty where absent.</summary>
    public ReadOnlyMemory<int> TokenTypes { get; init; }

    /// <summary>BPE merges, "left right", best first; bytes as in <see cref="Tokens"/>.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Merges { get; init; } = [];

    /// <summary>Special token ids by the last part of their key: "bos", "eos", "eot", "eom", "unknown", "padding", "separator" ...</summary>
    public IReadOnlyDictionary<string, int> SpecialTokens { get; init; } = new Dictionary<string, int>();

    /// <summary>Flags such as "add_bos_token", "add_eos_token", "add_space_prefix", "remove_extra_whitespaces", where present.</summary>
    public IReadOnlyDictionary<string, bool> Flags { get; init; } = new Dictionary<string, bool>();

    /// <summary>The compiled normalizer of a SentencePiece model (<c>precompiled_charsmap</c>); empty where absent.</summary>
    public ReadOnlyMemory<byte> CharsMap { get; init; }
}

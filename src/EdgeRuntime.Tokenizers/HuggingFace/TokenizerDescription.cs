using System;
using System.Collections.Generic;

namespace EdgeRuntime.HuggingFace;

/// <summary>A tokenizer as the files of a folder describe it, in the terms of GGUF files.</summary>
internal sealed record TokenizerDescription
{
    /// <summary>Gets the tokenizer model: "llama", "gpt2", "gemma4", "t5" or "bert".</summary>
    public required string Model { get; init; }

    /// <summary>Gets the text of each token.</summary>
    public required IReadOnlyCollection<byte[]> Pieces { get; init; }

    /// <summary>Gets the type of each token.</summary>
    public required int[] Types { get; init; }

    /// <summary>Gets the score of each token; empty if the model has none.</summary>
    public float[] Scores { get; init; } = [];

    /// <summary>Gets the merges, best first, with a space between the parts.</summary>
    public IReadOnlyCollection<byte[]> Merges { get; init; } = [];

    /// <summary>Gets whether a word that is a piece becomes that token without merging.</summary>
    public bool IgnoresMerges { get; init; }

    /// <summary>Gets the steps of the pre-tokenizer; empty if the model has none.</summary>
    public IReadOnlyList<string> Steps { get; init; } = [];

    /// <summary>Gets the flags by the last parts of their keys.</summary>
    public Dictionary<string, bool> Flags { get; init; } = [];

    /// <summary>Gets the compiled normalizer; empty if there is none.</summary>
    public ReadOnlyMemory<byte> CharsMap { get; init; }

    /// <summary>Gets the id of the unknown token; null if the model has none.</summary>
    public int? Unknown { get; init; }
}

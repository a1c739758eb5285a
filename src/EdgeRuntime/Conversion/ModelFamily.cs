using System;
using System.Collections.Generic;
using EdgeRuntime.Json;
using EdgeRuntime.Safetensors;

namespace EdgeRuntime.Conversion;

/// <summary>
/// Describes how the models of some classes become GGUF files. A family is data: the names of its tensors, what is done with them, and its
/// keys beyond those that every model has. Source: llama.cpp v0.5.0, <c>conversion/</c> and <c>gguf-py</c>.
/// </summary>
internal sealed record ModelFamily
{
    /// <summary>Gets the names in <c>architectures</c> of <c>config.json</c>.</summary>
    public required string[] Classes { get; init; }

    /// <summary>Gets the architecture in the GGUF file.</summary>
    public required string Architecture { get; init; }

    /// <summary>Gets the names of the tensors. The first rule that matches decides.</summary>
    public required NameRule[] Names { get; init; }

    /// <summary>Gets the prefixes that are removed from tensor names.</summary>
    public string[] RemovedPrefixes { get; init; } = [];

    /// <summary>Gets the prefix of tensor names that the files of some models leave out.</summary>
    public string OptionalPrefix { get; init; } = "";

    /// <summary>Gets the starts of the names of tensors that are not used.</summary>
    public string[] Unused { get; init; } = [];

    /// <summary>
    /// Gets what the name of a tensor becomes before the rules see it, or null for a tensor that is not used; null if names stay.
    /// </summary>
    public Func<ModelConfig, string, string?>? Rename { get; init; }

    /// <summary>
    /// Gets whether the router of a layer that <see cref="Rename"/> moves stays float32, as the others do: llama.cpp's converter renames it
    /// before it looks for routers.
    /// </summary>
    public bool KeepsMovedRouters { get; init; }

    /// <summary>Gets the number of layers behind the others that predict tokens ahead; null for models without.</summary>
    public Func<ModelConfig, int>? PredictingLayers { get; init; }

    /// <summary>Gets the values of <c>config.json</c> that a file may leave out: the defaults of the publisher's library.</summary>
    public IReadOnlyDictionary<string, double> Defaults { get; init; } = new Dictionary<string, double>();

    /// <summary>Gets whether the publisher's library derives <c>head_dim</c> where the file leaves it out.</summary>
    public bool DerivesHeadSize { get; init; }

    /// <summary>Gets whether the keys have the flag that a text starts with a space.</summary>
    public bool WritesSpacePrefix { get; init; }

    /// <summary>Gets whether the norms of the model multiply by one more than the number in the file.</summary>
    public bool ShiftsNorms { get; init; }

    /// <summary>Gets the end of the names of norms that are not shifted with the others.</summary>
    public string? PlainNorm { get; init; }

    /// <summary>
    /// Gets the names of keys for special tokens and the tokens, for keys that the files of the tokenizer do not give. The files must have
    /// the tokens.
    /// </summary>
    public (string Key, string Token)[] SpecialTokens { get; init; } = [];

    /// <summary>Gets the keys beyond those that every model has.</summary>
    public Action<ModelConfig, KeyList>? Keys { get; init; }

    /// <summary>Gets the keys whose values are numbers of tensors.</summary>
    public Action<ModelConfig, SafetensorsModel, KeyList>? TensorKeys { get; init; }

    /// <summary>Gets the keys that replace those of the vocabulary.</summary>
    public Action<ModelConfig, KeyList>? FinalKeys { get; init; }

    /// <summary>Gets the matrices that are stacked to one tensor, by the start of their names; their number follows, from 0 on.</summary>
    public (string From, string To, int Count)[] Stacks { get; init; } = [];

    /// <summary>Gets tensors that are computed from <c>config.json</c>.</summary>
    public Func<ModelConfig, IEnumerable<(string Name, float[] Values)>>? Computed { get; init; }

    /// <summary>
    /// Gets the factors of the rows of a matrix, by its name in the GGUF file (with <c>*</c> for the layer); null for one that has none.
    /// They are numbers that the model multiplies its activations by, folded into its weights.
    /// </summary>
    public Func<ModelConfig, string, Func<long, (float First, float Second)>?>? RowFactors { get; init; }

    /// <summary>Gets what chooses the family of a model by more than its class; given <c>config.json</c>.</summary>
    public Func<JsonField, ModelFamily>? Variant { get; init; }

    /// <summary>Gets whether the matrix that chooses experts gets the type of the others, rather than float32.</summary>
    public bool ConvertsRouter { get; init; }

    /// <summary>Gets whether <c>modules.json</c> tells how the model pools.</summary>
    public bool Pools { get; init; }

    /// <summary>Gets whether the vocabulary has a number of token types, for models with a type embedding.</summary>
    public bool CountsTokenTypes { get; init; }
}

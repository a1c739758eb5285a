using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Onnx.Export;
using EdgeRuntime.Onnx.Translation;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace EdgeRuntime.Onnx.Runtime;

/// <summary>The rows of logits that a graph computes.</summary>
internal enum LogitsForm
{
    /// <summary>Those of all tokens of a pass.</summary>
    All,

    /// <summary>That of the last token.</summary>
    Last,

    /// <summary>Those that the input <see cref="GraphForm.Rows"/> names.</summary>
    Chosen,
}

/// <summary>The cache of a layer's keys or values in a graph.</summary>
/// <param name="Past">The input.</param>
/// <param name="Present">The output.</param>
/// <param name="Type">The type of an element.</param>
/// <param name="Heads">The number of heads of keys and values.</param>
/// <param name="HeadSize">The number of elements of a head.</param>
internal sealed record CacheTensor(string Past, string Present, TensorElementType Type, int Heads, int HeadSize)
{
    /// <summary>Gets the bytes of an element.</summary>
    public int ElementBytes => Type == TensorElementType.Float ? sizeof(float) : sizeof(short);
}

/// <summary>A part of the recurrent state in a graph.</summary>
/// <param name="Past">The input.</param>
/// <param name="Present">The output.</param>
/// <param name="Type">The type of an element.</param>
/// <param name="Shape">The shape for one sequence, which is the first dimension.</param>
internal sealed record StateTensor(string Past, string Present, TensorElementType Type, long[] Shape)
{
    /// <summary>Gets the number of bytes.</summary>
    public long ByteSize { get; } = Shape.Aggregate(
        (long)(Type == TensorElementType.Float ? sizeof(float) : sizeof(short)), static (bytes, length) => bytes * length);
}

/// <summary>
/// The inputs and outputs of a decoder: those of ONNX Runtime GenAI (a mask) or those of this library (lengths and chosen rows).
/// </summary>
internal sealed class GraphForm
{
    /// <summary>The file of this library's form of a graph, beside that of GenAI.</summary>
    public const string FileName = "engine.onnx";

    /// <summary>The input of the number of positions before the last one: int32 [1].</summary>
    public const string LastPosition = "seqlens_k";

    /// <summary>The input of the number of positions with those of the pass: int32 scalar.</summary>
    public const string TotalLength = "total_sequence_length";

    /// <summary>The input of the rows whose logits are computed: int64 [rows].</summary>
    public const string Rows = "rows";

    /// <summary>Reads the form of a loaded graph.</summary>
    /// <param name="path">The path of the graph.</param>
    /// <param name="config">The names of its inputs and outputs.</param>
    /// <param name="session">The loaded graph.</param>
    /// <exception cref="UnsupportedModelException">The graph has an input that this engine does not know, or no shared cache.</exception>
    /// <exception cref="ModelFormatException">The graph lacks an input or output, or it has a wrong shape.</exception>
    public GraphForm(string path, GenAiModel config, InferenceSession session)
    {
        Config = config;
        IReadOnlyDictionary<string, NodeMetadata> inputs = session.InputMetadata;
        IReadOnlyDictionary<string, NodeMetadata> outputs = session.OutputMetadata;
        Require(path, inputs, config.InputIds, "input");
        Cache = [.. Enumerable.Range(0, config.Layers)
            .SelectMany(config.Cache.OfLayer)
            .Select(names => ReadCache(path, names, inputs, outputs))];
        States = [.. Enumerable.Range(0, inputs.Keys.Count(static name => name.StartsWith(StateNames.Past, StringComparison.Ordinal)))
            .Select(index => ReadState(path, index, inputs, outputs))];
        HasMask = inputs.ContainsKey(config.AttentionMask);
        HasPositions = inputs.ContainsKey(config.PositionIds);
        HasLengths = inputs.ContainsKey(LastPosition) && inputs.ContainsKey(TotalLength);
        NodeMetadata logits = Require(path, outputs, config.Logits, "output");
        LogitsType = logits.ElementDataType;
        Logits = inputs.ContainsKey(Rows) ? LogitsForm.Chosen : logits.Dimensions is [_, 1, _] ? LogitsForm.Last : LogitsForm.All;
        if (logits.Dimensions is not [_, _, var width] || width != config.VocabularySize)
        {
            string shape = string.Join(", ", logits.Dimensions);
            throw new ModelFormatException(
                path, -1, $"output {config.Logits} has the shape [{shape}]; expected [_, _, {config.VocabularySize}]");
        }

        RefuseOthers(path, inputs.Keys);
        if (!config.SharesCache)
        {
            throw new UnsupportedModelException(
                $"{path}: the cache before and after a pass are different buffers; expected a model with past_present_share_buffer");
        }
    }

    /// <summary>Gets the description of the folder.</summary>
    public GenAiModel Config { get; }

    /// <summary>Gets the caches, keys and values of each layer in turn.</summary>
    public IReadOnlyList<CacheTensor> Cache { get; }

    /// <summary>Gets the recurrent state.</summary>
    public IReadOnlyList<StateTensor> States { get; }

    /// <summary>Gets the rows of logits that the graph computes.</summary>
    public LogitsForm Logits { get; }

    /// <summary>Gets the type of the logits.</summary>
    public TensorElementType LogitsType { get; }

    /// <summary>Gets whether the graph reads a mask of all positions.</summary>
    public bool HasMask { get; }

    /// <summary>Gets whether the graph reads the positions of the tokens.</summary>
    public bool HasPositions { get; }

    /// <summary>Gets whether the graph reads the length of the sequence.</summary>
    public bool HasLengths { get; }

    private static CacheTensor ReadCache(
        string path,
        (string Past, string Present) names,
        IReadOnlyDictionary<string, NodeMetadata> inputs,
        IReadOnlyDictionary<string, NodeMetadata> outputs)
    {
        NodeMetadata past = Require(path, inputs, names.Past, "input");
        Require(path, outputs, names.Present, "output");
        string shape = string.Join(", ", past.Dimensions);
        return past.Dimensions is [_, > 0 and int heads, _, > 0 and int size]
            && past.ElementDataType is TensorElementType.Float or TensorElementType.Float16 or TensorElementType.BFloat16
            ? new CacheTensor(names.Past, names.Present, past.ElementDataType, heads, size)
            : throw new ModelFormatException(
                path, -1, $"input {names.Past} is {past.ElementDataType} [{shape}]; expected floats [_, heads, _, head size]");
    }

    private static StateTensor ReadState(
        string path, int index, IReadOnlyDictionary<string, NodeMetadata> inputs, IReadOnlyDictionary<string, NodeMetadata> outputs)
    {
        string name = StateNames.PastOf(index);
        NodeMetadata past = Require(path, inputs, name, "input");
        Require(path, outputs, StateNames.PresentOf(index), "output");
        return past.Dimensions is [_, .. var shape] && Array.TrueForAll(shape, static length => length > 0)
            && past.ElementDataType is TensorElementType.Float or TensorElementType.Float16
            ? new StateTensor(name, StateNames.PresentOf(index), past.ElementDataType, [1, .. shape.Select(static length => (long)length)])
            : throw new ModelFormatException(
                path, -1, $"input {name} is {past.ElementDataType} [{string.Join(", ", past.Dimensions)}]; expected floats [_, lengths]");
    }

    private static NodeMetadata Require(string path, IReadOnlyDictionary<string, NodeMetadata> all, string name, string kind) =>
        all.GetValueOrDefault(name) ?? throw new ModelFormatException(
            path, -1, $"the graph has no {kind} {Printable.Shorten(name)}, which {GenAiConfig.FileName} names");

    private void RefuseOthers(string path, IEnumerable<string> inputs)
    {
        string[] known = [Config.InputIds, Config.AttentionMask, Config.PositionIds, LastPosition, TotalLength, Rows];
        string? unknown = inputs.Except(known).Except(Cache.Select(static cache => cache.Past))
            .Except(States.Select(static state => state.Past)).FirstOrDefault();
        if (unknown is not null || !(HasMask || HasLengths))
        {
            string problem = unknown is null ? "has no input of lengths or of a mask" : $"reads {Printable.Shorten(unknown)}";
            throw new UnsupportedModelException($"{path}: the graph {problem}; expected {string.Join(", ", known)} and caches");
        }
    }
}

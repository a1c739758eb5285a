using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Memory;
using EdgeRuntime.Modules;
using EdgeRuntime.Onnx.Graph;
using EdgeRuntime.Onnx.Packing;

namespace EdgeRuntime.Onnx.Translation;

/// <summary>
/// What translations share: the graph that they add nodes to, the profile that they follow, the data file, and the values that describe the
/// batch. Values of the residual stream are [batch, tokens, hidden].
/// </summary>
internal sealed class GraphContext
{
    private const int LeastDataBytes = 1024; // smaller constants lie in the graph

    private readonly Dictionary<object, string> _vectors = [];
    private string? _batchShape;
    private string? _positions;
    private string? _keyPositions;

    /// <param name="graph">The graph.</param>
    /// <param name="model">The model and the options of its translation.</param>
    /// <param name="batch">The inputs that describe the batch.</param>
    public GraphContext(OnnxGraph graph, TranslatedModel model, BatchInputs batch)
    {
        Graph = graph;
        Model = model;
        Batch = batch;
        Matrices = new MatrixNodes(this);
        Ropes = new RopeNodes(this);
    }

    /// <summary>Gets the graph.</summary>
    public OnnxGraph Graph { get; }

    /// <summary>Gets the model and the options of its translation.</summary>
    public TranslatedModel Model { get; }

    /// <summary>Gets the inputs that describe the batch.</summary>
    public BatchInputs Batch { get; }

    /// <summary>Gets the profile of the device.</summary>
    public OnnxProfile Profile => Model.Profile;

    /// <summary>Gets the type of activations.</summary>
    public ElementKind Floats => Model.Floats;

    /// <summary>Gets the translation of products and look-ups.</summary>
    public MatrixNodes Matrices { get; }

    /// <summary>Gets the translation of rotations.</summary>
    public RopeNodes Ropes { get; }

    /// <summary>Gets the layers with keys and values so far.</summary>
    public List<AttentionSpec> Layers { get; } = [];

    /// <summary>Gets the number of inputs of recurrent state so far.</summary>
    public int StateCount { get; private set; }

    /// <summary>Gets the place of each layer's keys and values among <see cref="Layers"/>.</summary>
    public Dictionary<Attention, int> LayerOf { get; } = [];

    /// <summary>
    /// Gets the last choice of keys of each indexer: what is added to scores, 0 for chosen keys, [batch, 1, tokens, total length].
    /// </summary>
    public Dictionary<KeySelection, string> ChosenKeys { get; } = [];

    /// <summary>Gets the inputs of all layers, [batch, tokens, layers, width].</summary>
    public Dictionary<LayerInputs, string> LayerInputs { get; } = [];

    /// <summary>Gets the residual streams that stages have kept.</summary>
    public Dictionary<KeepStream, string> KeptStreams { get; } = [];

    /// <summary>Gets the scores of experts that an earlier stage has computed, [rows, scores].</summary>
    public Dictionary<Experts, string> EarlyScores { get; } = [];

    /// <summary>Gets the parallel residual streams, [batch, tokens, streams, hidden].</summary>
    public Dictionary<ResidualStreams, string> Streams { get; } = [];

    /// <summary>Gets the residual streams that later residuals attend to.</summary>
    public Dictionary<ResidualStreams, List<string>> MixedStreams { get; } = [];

    /// <summary>Gets the least number of the type of activations.</summary>
    public float LeastNumber => Profile.UsesFloat16 ? -65504 : float.MinValue;

    /// <summary>Gets int64 [2]: the number of sequences and the number of their tokens.</summary>
    public string BatchShape => _batchShape ??= Graph.Add("Shape", [Batch.Ids]);

    /// <summary>Gets int64 [batch, tokens]: the positions of the tokens.</summary>
    public string Positions => _positions ??= Batch.PositionInput is { } input
        ? Graph.Input(input, ElementKind.Int64, "batch", "tokens")
        : AddPositions();

    /// <summary>Gets int64 [total length]: the positions of the keys that a cache has with those of the pass.</summary>
    public string KeyPositions => _keyPositions ??= Graph.Add(
        "Range", [Graph.Integer(0), ToInt64(Batch.TotalLength), Graph.Integer(1)]);

    /// <summary>Adds a binary operator.</summary>
    public string Binary(string op, string left, string right) => Graph.Add(op, [left, right]);

    /// <summary>Adds a product with a number; none with 1.</summary>
    public string Scale(string x, float factor) => factor == 1 ? x : Binary("Mul", x, Number(factor));

    /// <summary>Adds a number of the type of activations.</summary>
    public string Number(float value) => Graph.Single(value, Floats);

    /// <summary>Adds a change of shape. In a shape 0 keeps a dimension, and -1 is computed.</summary>
    public string Reshape(string x, params long[] shape) => Graph.Add("Reshape", [x, Graph.Integers(shape)]);

    /// <summary>Splits the last dimension.</summary>
    public string[] Split(string x, params long[] sizes)
    {
        string name = Graph.NewName("part");
        string[] parts = new string[sizes.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i] = $"{name}.{i}";
        }

        Graph.Add("Split", [x, Graph.Integers(sizes)], parts, OnnxAttribute.Of("axis", -1L));
        return parts;
    }

    /// <summary>Adds one value behind the other.</summary>
    public string Concat(string[] parts, long axis) => Graph.Add("Concat", parts, OnnxAttribute.Of("axis", axis));

    /// <summary>Adds a cast to float32, if activations have another type.</summary>
    public string ToSingle(string x) => Floats == ElementKind.Float32
        ? x
        : Graph.Add("Cast", [x], OnnxAttribute.Of("to", (long)ElementKind.Float32));

    /// <summary>Adds a cast to the type of activations.</summary>
    public string ToFloats(string x) => Graph.Add("Cast", [x], OnnxAttribute.Of("to", (long)Floats));

    /// <summary>Adds a cast to int64.</summary>
    public string ToInt64(string x) => Graph.Add("Cast", [x], OnnxAttribute.Of("to", (long)ElementKind.Int64));

    /// <summary>Adds recurrent state: an input with the state before the pass, and an output with the state after it.</summary>
    /// <param name="kind">The element type.</param>
    /// <param name="shape">The shape for one sequence.</param>
    public (string Past, string Present) AddState(ElementKind kind, params long[] shape)
    {
        int index = StateCount++;
        string[] dimensions = ["batch", .. shape.Select(static length => $"{length}")];
        Graph.Output(StateNames.PresentOf(index), kind, dimensions);
        return (Graph.Input(StateNames.PastOf(index), kind, dimensions), StateNames.PresentOf(index));
    }

    /// <summary>Adds a vector or table that a module has bound.</summary>
    /// <param name="what">The name.</param>
    /// <param name="values">The values.</param>
    /// <param name="dimensions">The shape.</param>
    public unsafe string Table(string what, NativeBuffer values, params long[] dimensions) => Constant(
        what, values, () => new ReadOnlySpan<float>((float*)values.Pointer, checked((int)(values.ByteLength / sizeof(float)))), dimensions);

    /// <summary>Adds computed values.</summary>
    /// <param name="what">The name.</param>
    /// <param name="values">The values; the same array is the same constant.</param>
    /// <param name="dimensions">The shape.</param>
    public string Table(string what, float[] values, params long[] dimensions) => Constant(what, values, () => values, dimensions);

    /// <summary>Adds ones.</summary>
    public string Ones(int count)
    {
        (string, int) key = ("ones", count);
        return Constant($"ones[{count}]", key, () => Fill(count), count);
    }

    /// <summary>Adds values that are computed when they are written.</summary>
    /// <param name="what">The name.</param>
    /// <param name="key">Equal for equal values.</param>
    /// <param name="values">Gives the values.</param>
    /// <param name="dimensions">The shape.</param>
    public string Constant(string what, object key, FloatSource values, params long[] dimensions)
    {
        if (_vectors.TryGetValue(key, out string? known))
        {
            return known;
        }

        string name = Graph.NewName(what);
        long bytes = FloatValues.SizeOf(Floats);
        foreach (long dimension in dimensions)
        {
            bytes *= dimension;
        }

        if (bytes < LeastDataBytes)
        {
            Graph.Inline(name, Floats, dimensions, FloatValues.ToBytes(values(), Floats));
        }
        else
        {
            ValuesPart part = Model.Data.Get(
                (key, Floats), () => new ValuesPart(Model.Data.Reserve(bytes), () => FloatValues.ToBytes(values(), Floats)));
            Graph.Constant(name, Floats, part.Range, dimensions);
        }

        _vectors.Add(key, name);
        return name;
    }

    private static float[] Fill(int count)
    {
        float[] ones = new float[count];
        Array.Fill(ones, 1);
        return ones;
    }

    /// <summary>
    /// The first token of a sequence is at max(0, total length - tokens): a first prompt may be longer than its sequence by padding.
    /// </summary>
    private string AddPositions()
    {
        string tokens = Graph.Add("Gather", [BatchShape, Graph.Integer(1)]);
        string start = Binary("Sub", Binary("Add", ToInt64(Batch.LastPositions), Graph.Integer(1)), tokens);
        start = Graph.Add("Unsqueeze", [Binary("Max", start, Graph.Integer(0)), Graph.Integers(1)]);
        return Binary("Add", start, Graph.Add("Range", [Graph.Integer(0), tokens, Graph.Integer(1)]));
    }
}

/// <summary>Gives the values of a constant.</summary>
internal delegate ReadOnlySpan<float> FloatSource();

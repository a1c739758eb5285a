using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using EdgeRuntime.Onnx.Packing;

namespace EdgeRuntime.Onnx.Graph;

/// <summary>
/// A graph of ONNX nodes that is being built. Values are known by their names. Large constants lie in the data file of the model.
/// </summary>
internal sealed class OnnxGraph
{
    private const string ContribDomain = "com.microsoft";
    private const int ContribVersion = 1;
    private const int StandardVersion = 21;
    private const int FormatVersion = 10;

    private static readonly HashSet<string> s_contrib = new(StringComparer.Ordinal)
    {
        "FastGelu", "GatherBlockQuantized", "GroupQueryAttention", "MatMulNBits", "RotaryEmbedding", "SkipSimplifiedLayerNormalization",
    };

    private readonly string _name;
    private readonly DataLocation _data;
    private readonly List<OnnxConstant> _constants = [];
    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);
    private readonly List<OnnxValue> _inputs = [];
    private readonly List<OnnxValue> _outputs = [];
    private List<OnnxNode> _nodes = []; // of the graph, or of the body that is being built
    private string _scope = "";
    private int _nameCount;

    /// <param name="name">The name of the graph.</param>
    /// <param name="data">Where the data of the model lies.</param>
    public OnnxGraph(string name, DataLocation data)
    {
        _name = name;
        _data = data;
    }

    /// <summary>Gets the constants that lie in the data of the model.</summary>
    public IEnumerable<OnnxConstant> ExternalConstants => _constants.Where(static constant => constant.Bytes is null);

    /// <summary>Starts the names of further nodes with a prefix, for example <c>blk.0</c>.</summary>
    public void BeginScope(string prefix) => _scope = prefix;

    /// <summary>Adds an input of the graph.</summary>
    /// <param name="name">The name.</param>
    /// <param name="kind">The element type.</param>
    /// <param name="dimensions">Numbers, or names of dimensions that vary.</param>
    public string Input(string name, ElementKind kind, params string[] dimensions)
    {
        _inputs.Add(new OnnxValue(name, kind, dimensions));
        return name;
    }

    /// <summary>Adds an output of the graph.</summary>
    /// <inheritdoc cref="Input" path="/param"/>
    public void Output(string name, ElementKind kind, params string[] dimensions) => _outputs.Add(new OnnxValue(name, kind, dimensions));

    /// <summary>Adds a node with one output.</summary>
    /// <param name="op">The operator.</param>
    /// <param name="inputs">The inputs; empty names are absent.</param>
    /// <param name="attributes">The attributes.</param>
    /// <returns>The name of the output.</returns>
    public string Add(string op, string[] inputs, params OnnxAttribute[] attributes)
    {
        string output = $"{_scope}/{op}.{_nameCount}";
        Add(op, inputs, [output], attributes);
        return output;
    }

    /// <summary>Adds a node.</summary>
    /// <param name="op">The operator.</param>
    /// <param name="inputs">The inputs; empty names are absent.</param>
    /// <param name="outputs">The outputs.</param>
    /// <param name="attributes">The attributes.</param>
    public void Add(string op, string[] inputs, string[] outputs, params OnnxAttribute[] attributes)
    {
        string domain = s_contrib.Contains(op) ? ContribDomain : "";
        _nodes.Add(new OnnxNode($"{_scope}/{op}.{_nameCount++}.node", op, domain, inputs, outputs, attributes));
    }

    /// <summary>Builds the body of a node. Its nodes also read values of the graph, and its constants are those of the graph.</summary>
    /// <param name="inputs">The inputs.</param>
    /// <param name="build">Adds the nodes and returns the outputs.</param>
    public OnnxBody Body(IReadOnlyList<OnnxValue> inputs, Func<IReadOnlyList<OnnxValue>> build)
    {
        List<OnnxNode> outer = _nodes;
        _nodes = [];
        IReadOnlyList<OnnxValue> outputs = build();
        var body = new OnnxBody(NewName("body"), inputs, outputs, _nodes);
        _nodes = outer;
        return body;
    }

    /// <summary>Renames the output of a node that no other node reads.</summary>
    public void Rename(string value, string name)
    {
        OnnxNode node = _nodes.FindLast(node => Array.IndexOf(node.Outputs, value) >= 0)
            ?? throw new ArgumentException($"no node computes {value}", nameof(value));
        node.Outputs[Array.IndexOf(node.Outputs, value)] = name;
    }

    /// <summary>Gets a new name for an output.</summary>
    public string NewName(string what) => $"{_scope}/{what}.{_nameCount}";

    /// <summary>Adds a constant that lies in the data file.</summary>
    /// <param name="name">The name; the same name is the same constant.</param>
    /// <param name="kind">The element type.</param>
    /// <param name="range">The place of the values.</param>
    /// <param name="dimensions">The shape.</param>
    public string Constant(string name, ElementKind kind, DataRange range, params long[] dimensions)
    {
        if (_names.TryAdd(name, name))
        {
            _constants.Add(new OnnxConstant(name, kind, dimensions, null, range));
        }

        return name;
    }

    /// <summary>Adds integers as a vector.</summary>
    public string Integers(params long[] values) => Inline(
        $"int64[{string.Join(',', values)}]", ElementKind.Int64, [values.Length], MemoryMarshal.AsBytes<long>(values).ToArray());

    /// <summary>Adds an integer as a scalar.</summary>
    public string Integer(long value, ElementKind kind = ElementKind.Int64) => Inline(
        $"{kind}({value})", kind, [], kind == ElementKind.Int64 ? BitConverter.GetBytes(value) : BitConverter.GetBytes((int)value));

    /// <summary>Adds a float as a scalar.</summary>
    public string Single(float value, ElementKind kind) => Inline(
        FormattableString.Invariant($"{kind}({value:R})"), kind, [], FloatValues.ToBytes([value], kind));

    /// <summary>Adds a constant with its values in the graph.</summary>
    /// <param name="name">The name; the same name is the same constant.</param>
    /// <param name="kind">The element type.</param>
    /// <param name="dimensions">The shape.</param>
    /// <param name="bytes">The values.</param>
    public string Inline(string name, ElementKind kind, long[] dimensions, byte[] bytes)
    {
        if (_names.TryAdd(name, name))
        {
            _constants.Add(new OnnxConstant(name, kind, dimensions, bytes, default));
        }

        return name;
    }

    /// <summary>Returns the bytes of a <c>ModelProto</c>.</summary>
    public byte[] ToModel()
    {
        var model = new ProtoWriter();
        model.Integer(1, FormatVersion);
        model.Text(2, "EdgeRuntime");
        model.Message(7, WriteGraph);
        model.Message(8, static set => WriteOperatorSet(set, "", StandardVersion));
        model.Message(8, static set => WriteOperatorSet(set, ContribDomain, ContribVersion));
        return model.ToArray();
    }

    private static void WriteOperatorSet(ProtoWriter set, string domain, int version)
    {
        set.Text(1, domain);
        set.Integer(2, version);
    }

    private void WriteGraph(ProtoWriter graph)
    {
        new OnnxBody(_name, _inputs, _outputs, _nodes).Write(graph);
        _constants.ForEach(constant => graph.Message(5, writer => constant.Write(writer, _data)));
    }
}

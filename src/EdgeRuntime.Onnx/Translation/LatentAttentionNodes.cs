using System.Linq;
using EdgeRuntime.Modules;
using EdgeRuntime.Onnx.Graph;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Onnx.Translation;

/// <summary>Translates multi-head latent attention, in its absorbed and in its expanded form.</summary>
internal sealed class LatentAttentionNodes
{
    private readonly GraphContext _context;
    private readonly string _prefix;
    private readonly LatentAttentionParts _parts;
    private readonly LatentAttentionSpec _spec;

    private LatentAttentionNodes(GraphContext context, string prefix, LatentAttentionParts parts)
    {
        _context = context;
        _prefix = prefix;
        _parts = parts;
        _spec = parts.Spec;
    }

    private OnnxGraph Graph => _context.Graph;

    /// <summary>Adds a layer in the absorbed form: the heads share the key [latent | rotated] and the value [latent].</summary>
    public static string AddAbsorbed(GraphContext context, Branch branch, string x) =>
        new LatentAttentionNodes(context, branch.Prefix, ((LatentAttention)branch).Parts).AddAbsorbed(x);

    /// <summary>Adds a layer in the expanded form: each head has a key [plain | rotated] and a value.</summary>
    public static string AddExpanded(GraphContext context, Branch branch, string x) =>
        new LatentAttentionNodes(context, branch.Prefix, ((ExpandedLatentAttention)branch).Parts).AddExpanded(x);

    private string AddAbsorbed(string x)
    {
        string lowRank = LowRankQuery(x);
        (string plain, string rotated) = Queries(lowRank);
        (string latent, string rotatedKey) = Latents(x);
        if (_parts.Inputs.Indexer is { } indexer)
        {
            _context.ChosenKeys[_spec.Selection!] = KeyIndexerNodes.Add(_context, _prefix, indexer, _spec.Selection!.Most, x, lowRank);
        }

        string absorbed = MultiplyHeads(_parts.Absorb, _context.Reshape(plain, 0, 0, _spec.Heads * _spec.PlainLength), _spec.PlainLength);
        string query = Join(_context.Reshape(absorbed, 0, 0, _spec.Heads, _spec.Latent), rotated);
        AttentionSpec shape = Shape(kvHeads: 1, _spec.KeyLength, _spec.Latent);
        var attention = new CachedAttention(_context, _prefix, shape, rotation: null, _parts.Sinks)
        {
            ChosenKeys = _spec.Selection is null ? "" : _context.ChosenKeys[_spec.Selection],
        };
        string attended = attention.Add(
            _context.Reshape(query, 0, 0, shape.QueryWidth), Join(latent, rotatedKey), latent);
        string result = MultiplyHeads(_parts.Expand, attended, _spec.Latent);
        if (_parts.Gate is not null)
        {
            AttentionSpec gated = Shape(kvHeads: 1, _spec.QueryLength, _spec.ValueLength);
            result = AttentionNodes.ApplyGate(
                _context, gated, result, _context.Matrices.Multiply(_parts.Gate, x), _parts.Gate.Rows);
        }

        return _context.Matrices.Multiply(_parts.Output, result);
    }

    private string AddExpanded(string x)
    {
        int heads = _spec.Heads;
        (string plain, string rotated) = Queries(LowRankQuery(x));
        (string latent, string rotatedKey) = Latents(x);
        string expanded = _context.Matrices.Multiply(_parts.Expand[0], latent);
        string[] parts = _context.Split(
            _context.Reshape(expanded, 0, 0, heads, _spec.PlainLength + _spec.ValueLength), _spec.PlainLength, _spec.ValueLength);
        string shared = _context.Reshape(rotatedKey, 0, 0, 1, _spec.Rope.Dimensions);
        string key = Join(parts[0], Graph.Add("Expand", [shared, Graph.Integers(1, 1, heads, 1)]));
        AttentionSpec shape = Shape(heads, _spec.QueryLength, _spec.ValueLength);
        string result = new CachedAttention(_context, _prefix, shape, rotation: null, _parts.Sinks).Add(
            _context.Reshape(Join(plain, rotated), 0, 0, shape.QueryWidth),
            _context.Reshape(key, 0, 0, shape.KeyWidth),
            _context.Reshape(parts[1], 0, 0, shape.ValueWidth));
        return _context.Matrices.Multiply(_parts.Output, result);
    }

    private AttentionSpec Shape(int kvHeads, int keyLength, int valueLength) => new()
    {
        Heads = _spec.Heads,
        KvHeads = kvHeads,
        KeyLength = keyLength,
        ValueLength = valueLength,
        Scale = _spec.Scale,
        Window = _spec.Window,
        Temperature = _spec.Temperature,
        Gate = _spec.Gate,
    };

    /// <summary>Adds what the queries are made of: the low-rank query, or x.</summary>
    private string LowRankQuery(string x) => _parts.Inputs.QueryDown is { } down
        ? NormNodes.Add(_context, _parts.Inputs.QueryNorm, _context.Matrices.Multiply(down, x))
        : x;

    /// <summary>Adds the queries of all heads: their plain and their rotated elements, [batch, tokens, heads, elements] each.</summary>
    private (string Plain, string Rotated) Queries(string lowRank)
    {
        string query = _context.Reshape(_context.Matrices.Multiply(_parts.Inputs.Query, lowRank), 0, 0, _spec.Heads, _spec.QueryLength);
        int rotated = _spec.Rope.Dimensions;
        string[] parts = _context.Split(query, _spec.PlainLength, rotated);
        string flat = _context.Reshape(parts[1], 0, 0, _spec.Heads * rotated);
        flat = _context.Ropes.Rotate(_parts.Rotation, flat, _spec.Heads, rotated);
        return (parts[0], _context.Reshape(flat, 0, 0, _spec.Heads, rotated));
    }

    /// <summary>Adds the latent vectors, [batch, tokens, latent], and the rotated elements of the keys, [batch, tokens, rotated].</summary>
    private (string Latent, string Rotated) Latents(string x)
    {
        int rotated = _spec.Rope.Dimensions;
        string[] parts = _context.Split(_context.Matrices.Multiply(_parts.Inputs.KeyValue, x), _spec.Latent, rotated);
        string latent = NormNodes.Add(_context, _parts.Inputs.LatentNorm, parts[0]);
        string key = NormNodes.Add(_context, _parts.Inputs.RotatedNorm, parts[1]);
        return (latent, _context.Ropes.Rotate(_parts.Rotation, key, heads: 1, rotated));
    }

    /// <summary>Adds the product of each head's part of x with a matrix of its own.</summary>
    private string MultiplyHeads(Projection[] heads, string x, int length)
    {
        string[] parts = _context.Split(x, [.. Enumerable.Repeat((long)length, heads.Length)]);
        string[] results = [.. parts.Select((part, head) => _context.Matrices.Multiply(heads[head], part))];
        return Graph.Add("Concat", results, OnnxAttribute.Of("axis", -1L));
    }

    private string Join(string first, string second) => Graph.Add("Concat", [first, second], OnnxAttribute.Of("axis", -1L));
}

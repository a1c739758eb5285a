using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.State;

namespace EdgeRuntime.Onnx.Translation;

/// <summary>Translates attention with separate or fused queries, keys and values.</summary>
internal sealed class AttentionNodes
{
    private readonly GraphContext _context;
    private readonly Attention _attention;
    private readonly AttentionParts _parts;
    private readonly AttentionSpec _spec;
    private readonly Rotation? _fused; // the rope that is a part of GroupQueryAttention

    private AttentionNodes(GraphContext context, Attention attention)
    {
        _context = context;
        _attention = attention;
        _parts = attention.Parts;
        _spec = _parts.Spec;
        _fused = _parts.Rotation is { } rotation && !_spec.NormsAfterRope && context.Ropes.CanFuse(rotation) ? rotation : null;
    }

    /// <summary>Adds a layer of attention.</summary>
    /// <param name="context">The context.</param>
    /// <param name="branch">The layer.</param>
    /// <param name="x">[batch, tokens, hidden].</param>
    public static string Add(GraphContext context, Branch branch, string x) => new AttentionNodes(context, (Attention)branch).Add(x);

    /// <summary>Adds the product of a result with gates, one for each element or each head.</summary>
    /// <param name="context">The context.</param>
    /// <param name="spec">The kind of gates, and the shape of the result.</param>
    /// <param name="result">[batch, tokens, heads * value length].</param>
    /// <param name="gate">[batch, tokens, gates], before the function; empty for none.</param>
    /// <param name="count">The number of gates.</param>
    public static string ApplyGate(GraphContext context, AttentionSpec spec, string result, string gate, int count)
    {
        if (gate.Length == 0)
        {
            return result;
        }

        Activation activation = spec.Gate == OutputGateKind.Softplus ? Activation.Softplus : Activation.Sigmoid;
        gate = ActivationNodes.Add(context, activation, gate);
        if (count == spec.OutputWidth)
        {
            return context.Binary("Mul", result, gate);
        }

        string heads = context.Reshape(result, 0, 0, spec.Heads, spec.ValueLength);
        string gates = context.Reshape(gate, 0, 0, spec.Heads, 1);
        return context.Reshape(context.Binary("Mul", heads, gates), 0, 0, spec.OutputWidth);
    }

    private string Add(string x)
    {
        string gate = _parts.Gate is null ? "" : _context.Matrices.Multiply(_parts.Gate, x);
        var attention = new CachedAttention(_context, _attention.Prefix, _spec, _fused, _parts.Sinks);
        string result;
        if (_parts.KeysOf is { } owner)
        {
            string query = Prepare(_context.Matrices.Multiply(_parts.Query!, x), _parts.QueryNorm, _spec.Heads);
            result = attention.AddShared(query, _context.LayerOf[owner]);
        }
        else if (CanPack())
        {
            _context.LayerOf[_attention] = _context.Layers.Count;
            result = attention.Add(_context.Matrices.Multiply(_parts.Fused!, x), "", "");
        }
        else
        {
            _context.LayerOf[_attention] = _context.Layers.Count;
            (string query, string key, string value) = Project(x);
            if (_spec.Gate == OutputGateKind.SigmoidOfQuery)
            {
                (query, gate) = SplitGates(query);
            }

            result = attention.Add(
                Prepare(query, _parts.QueryNorm, _spec.Heads), Prepare(key, _parts.KeyNorm, _spec.KvHeads), PrepareValue(value));
        }

        result = ApplyGate(_context, _spec, result, gate, _parts.Gate?.Rows ?? _spec.OutputWidth);
        return _context.Matrices.Multiply(_parts.Output, NormNodes.Add(_context, _parts.SubNorm, result));
    }

    /// <summary>Gets whether nothing happens to queries, keys and values between their product and the attention.</summary>
    private bool CanPack() =>
        _context.Profile.PacksQueryKeyValue && _parts.Fused is not null && _fused == _parts.Rotation
        && _parts.QueryNorm is null && _parts.KeyNorm is null && _parts.ValueNorm is null && _spec.Clamp == 0
        && _spec.Temperature is null && _spec.Gate != OutputGateKind.SigmoidOfQuery
        && CachedAttention.HeadLength(_spec) == _spec.KeyLength && _spec.ValueLength == _spec.KeyLength;

    private (string Query, string Key, string Value) Project(string x)
    {
        if (_parts.Fused is not null)
        {
            string all = _context.Matrices.Multiply(_parts.Fused, x);
            string[] parts = _context.Split(
                all, _parts.Fused.Rows - _spec.KeyWidth - _spec.ValueWidth, _spec.KeyWidth, _spec.ValueWidth);
            return (parts[0], parts[1], parts[2]);
        }

        string query = _context.Matrices.Multiply(_parts.Query!, x);
        string key = _context.Matrices.Multiply(_parts.Key!, x);
        return (query, key, _parts.Value is null ? key : _context.Matrices.Multiply(_parts.Value, x));
    }

    /// <summary>Splits the rows of queries: each head has its query and then its gate.</summary>
    private (string Query, string Gate) SplitGates(string query)
    {
        string heads = _context.Reshape(query, 0, 0, _spec.Heads, 2 * _spec.KeyLength);
        string[] parts = _context.Split(heads, _spec.KeyLength, _spec.KeyLength);
        return (_context.Reshape(parts[0], 0, 0, _spec.QueryWidth), _context.Reshape(parts[1], 0, 0, _spec.QueryWidth));
    }

    /// <summary>Adds the bound, the norm and the rotation of queries or keys.</summary>
    private string Prepare(string x, Norm? norm, int heads)
    {
        x = ActivationNodes.Clip(_context, x, _spec.Clamp);
        if (!_spec.NormsAfterRope)
        {
            x = NormNodes.AddHeads(_context, norm, x, heads, _spec.KeyLength);
        }

        if (_parts.Rotation is { } rotation && _fused is null)
        {
            x = _context.Ropes.Rotate(rotation, x, heads, _spec.KeyLength);
        }

        return _spec.NormsAfterRope ? NormNodes.AddHeads(_context, norm, x, heads, _spec.KeyLength) : x;
    }

    private string PrepareValue(string value)
    {
        value = ActivationNodes.Clip(_context, value, _spec.Clamp);
        return NormNodes.AddHeads(_context, _parts.ValueNorm, value, _spec.KvHeads, _spec.ValueLength);
    }
}

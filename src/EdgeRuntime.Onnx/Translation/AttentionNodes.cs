using System;
using System.Collections.Generic;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Onnx.Graph;
using EdgeRuntime.State;

namespace EdgeRuntime.Onnx.Translation;

/// <summary>Translates attention to GroupQueryAttention with a cache that it reads and appends to.</summary>
internal sealed class AttentionNodes
{
    /// <summary>The multiple of elements that the heads of GroupQueryAttention have. Other heads are padded with zeros.</summary>
    private const int HeadMultiple = 8;

    private readonly GraphContext _context;
    private readonly string _prefix;
    private readonly AttentionParts _parts;
    private readonly AttentionSpec _spec;
    private readonly int _headLength;

    private AttentionNodes(GraphContext context, Attention attention)
    {
        _context = context;
        _prefix = attention.Prefix;
        _parts = attention.Parts;
        _spec = _parts.Spec;
        _headLength = HeadLength(_spec);
        Check();
    }

    private OnnxGraph Graph => _context.Graph;

    /// <summary>Gets whether the rope is a part of GroupQueryAttention.</summary>
    private bool FusesRope => _parts.Rotation is { } rotation && !_spec.NormsAfterRope && _context.Ropes.CanFuse(rotation);

    /// <summary>Gets the width of a cached key and value.</summary>
    public static int HeadLength(AttentionSpec spec) =>
        (Math.Max(spec.KeyLength, spec.ValueLength) + HeadMultiple - 1) / HeadMultiple * HeadMultiple;

    /// <summary>Adds a layer of attention.</summary>
    /// <param name="context">The context.</param>
    /// <param name="branch">The layer.</param>
    /// <param name="x">[batch, tokens, hidden].</param>
    public static string Add(GraphContext context, Branch branch, string x) =>
        new AttentionNodes(context, (Attention)branch).Add(x);

    private void Check()
    {
        if (!_spec.IsCausal || _spec.LookAhead is not null)
        {
            throw _context.Model.Refuse(_prefix, "attention to later positions");
        }

        if (!_parts.HasKeys)
        {
            throw _context.Model.Refuse(_prefix, "attention to the keys of another layer");
        }

        bool hasOptions = _spec.Window > 0 || _spec.ChunkWindow > 0 || _spec.ScoreCap > 0 || _spec.AlibiSlopes is not null
            || _parts.Sinks is not null;
        if (hasOptions && !_context.Profile.HasAttentionOptions)
        {
            throw _context.Model.Refuse(_prefix, "attention with a window, a cap, biases or sinks");
        }
    }

    private string Add(string x)
    {
        string gate = _parts.Gate is null ? "" : _context.Matrices.Multiply(_parts.Gate, x);
        string result;
        if (CanPack())
        {
            result = Attend(_context.Matrices.Multiply(_parts.Fused!, x), "", "");
        }
        else
        {
            (string query, string key, string value) = Project(x);
            if (_spec.Gate == OutputGateKind.SigmoidOfQuery)
            {
                (query, gate) = SplitGates(query);
            }

            result = AttendParts(query, key, value);
        }

        result = ApplyGate(result, gate);
        return _context.Matrices.Multiply(_parts.Output, NormNodes.Add(_context, _parts.SubNorm, result));
    }

    /// <summary>Gets whether nothing happens to queries, keys and values between their product and the attention.</summary>
    private bool CanPack() =>
        _context.Profile.PacksQueryKeyValue && _parts.Fused is not null && (FusesRope || _parts.Rotation is null)
        && _parts.QueryNorm is null && _parts.KeyNorm is null && _parts.ValueNorm is null && _spec.Clamp == 0
        && _spec.Temperature is null && _spec.Gate != OutputGateKind.SigmoidOfQuery && _headLength == _spec.KeyLength
        && _headLength == _spec.ValueLength;

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

    private string AttendParts(string query, string key, string value)
    {
        query = Prepare(ActivationNodes.Clip(_context, query, _spec.Clamp), _parts.QueryNorm, _spec.Heads);
        key = Prepare(ActivationNodes.Clip(_context, key, _spec.Clamp), _parts.KeyNorm, _spec.KvHeads);
        value = ActivationNodes.Clip(_context, value, _spec.Clamp);
        value = NormNodes.AddHeads(_context, _parts.ValueNorm, value, _spec.KvHeads, _spec.ValueLength);
        if (_spec.Temperature is { } temperature)
        {
            query = _context.Binary("Mul", query, Temperature(temperature));
        }

        string result = Attend(
            Pad(query, _spec.Heads, _spec.KeyLength), Pad(key, _spec.KvHeads, _spec.KeyLength), Pad(value, _spec.KvHeads, _spec.ValueLength));
        return Cut(result);
    }

    /// <summary>Adds the norm and the rotation of queries or keys.</summary>
    private string Prepare(string x, Norm? norm, int heads)
    {
        if (!_spec.NormsAfterRope)
        {
            x = NormNodes.AddHeads(_context, norm, x, heads, _spec.KeyLength);
        }

        if (_parts.Rotation is { } rotation && !FusesRope)
        {
            x = _context.Ropes.Rotate(rotation, x, heads, _spec.KeyLength);
        }

        return _spec.NormsAfterRope ? NormNodes.AddHeads(_context, norm, x, heads, _spec.KeyLength) : x;
    }

    /// <summary>Adds [batch, tokens, 1]: 1 + scale ln(floor((position + offset) / length) + 1).</summary>
    private string Temperature(QueryTemperature temperature)
    {
        string position = _context.ToFloats(_context.Positions);
        string shifted = _context.Binary("Add", position, _context.Number(temperature.Offset));
        string run = Graph.Add("Floor", [_context.Binary("Div", shifted, _context.Number(temperature.Length))]);
        string log = Graph.Add("Log", [_context.Binary("Add", run, _context.Number(1))]);
        string factor = _context.Binary("Add", _context.Scale(log, temperature.Scale), _context.Number(1));
        return Graph.Add("Unsqueeze", [factor, Graph.Integers(-1)]);
    }

    private string Pad(string x, int heads, int length)
    {
        if (length == _headLength)
        {
            return x;
        }

        string parts = _context.Reshape(x, 0, 0, heads, length);
        parts = Graph.Add("Pad", [parts, Graph.Integers(0, 0, 0, 0, 0, 0, 0, _headLength - length)]);
        return _context.Reshape(parts, 0, 0, heads * _headLength);
    }

    /// <summary>Cuts what <see cref="Pad"/> has added to values.</summary>
    private string Cut(string x)
    {
        if (_spec.ValueLength == _headLength)
        {
            return x;
        }

        string parts = _context.Reshape(x, 0, 0, _spec.Heads, _headLength);
        parts = _context.Split(parts, _spec.ValueLength, _headLength - _spec.ValueLength)[0];
        return _context.Reshape(parts, 0, 0, _spec.OutputWidth);
    }

    private string Attend(string query, string key, string value)
    {
        (string pastKey, string pastValue, string presentKey, string presentValue) = AddCache();
        (string cos, string sin) = FusesRope ? _context.Ropes.Tables(_parts.Rotation!) : ("", "");
        List<string> inputs =
        [
            query, key, value, pastKey, pastValue, _context.Batch.LastPositions, _context.Batch.TotalLength, cos, sin, "", Bias(),
            _parts.Sinks is null ? "" : _context.Table("sinks", _parts.Sinks, _spec.Heads),
        ];
        while (inputs[^1].Length == 0)
        {
            inputs.RemoveAt(inputs.Count - 1);
        }

        string result = Graph.NewName("attention");
        Graph.Add(
            "GroupQueryAttention",
            [.. inputs],
            [result, presentKey, presentValue],
            OnnxAttribute.Of("num_heads", (long)_spec.Heads),
            OnnxAttribute.Of("kv_num_heads", (long)_spec.KvHeads),
            OnnxAttribute.Of("scale", _spec.Scale),
            OnnxAttribute.Of("softcap", _spec.ScoreCap),
            OnnxAttribute.Of("local_window_size", _spec.Window > 0 ? (long)_spec.Window : -1),
            OnnxAttribute.Of("do_rotary", FusesRope ? 1L : 0),
            OnnxAttribute.Of("rotary_interleaved", FusesRope ? RopeNodes.IsInterleaved(_parts.Rotation!.Rope) : 0));
        return result;
    }

    private (string PastKey, string PastValue, string PresentKey, string PresentValue) AddCache()
    {
        int layer = _context.Layers.Count;
        _context.Layers.Add(_spec);
        string[] shape = ["batch", $"{_spec.KvHeads}", "past_length", $"{_headLength}"];
        string[] present = ["batch", $"{_spec.KvHeads}", "present_length", $"{_headLength}"];
        string pastKey = Graph.Input($"past_key_values.{layer}.key", _context.Floats, shape);
        string pastValue = Graph.Input($"past_key_values.{layer}.value", _context.Floats, shape);
        Graph.Output($"present.{layer}.key", _context.Floats, present);
        Graph.Output($"present.{layer}.value", _context.Floats, present);
        return (pastKey, pastValue, $"present.{layer}.key", $"present.{layer}.value");
    }

    /// <summary>Adds what is added to scores: slopes times distances, or a mask of runs of positions; empty for nothing.</summary>
    private string Bias()
    {
        if (_spec.AlibiSlopes is { } slopes)
        {
            (string query, string key) = BiasPositions();
            string distance = _context.ToFloats(_context.Binary("Sub", key, query));
            return _context.Binary("Mul", distance, _context.Table("slopes", slopes, 1, _spec.Heads, 1, 1));
        }

        if (_spec.ChunkWindow > 0)
        {
            (string query, string key) = BiasPositions();
            string length = Graph.Integer(_spec.ChunkWindow);
            string isSame = _context.Binary("Equal", _context.Binary("Div", query, length), _context.Binary("Div", key, length));
            float hidden = _context.Profile.UsesFloat16 ? -65504 : float.MinValue;
            return Graph.Add("Where", [isSame, _context.Number(0), _context.Number(hidden)]);
        }

        return "";
    }

    /// <summary>Adds the positions of queries, [batch, 1, tokens, 1], and of keys, [total length].</summary>
    private (string Query, string Key) BiasPositions()
    {
        string query = Graph.Add("Unsqueeze", [_context.Positions, Graph.Integers(1, 3)]);
        string total = Graph.Add("Cast", [_context.Batch.TotalLength], OnnxAttribute.Of("to", 7L));
        return (query, Graph.Add("Range", [Graph.Integer(0), total, Graph.Integer(1)]));
    }

    private string ApplyGate(string result, string gate)
    {
        if (gate.Length == 0)
        {
            return result;
        }

        Activation activation = _spec.Gate == OutputGateKind.Softplus ? Activation.Softplus : Activation.Sigmoid;
        gate = ActivationNodes.Add(_context, activation, gate);
        if (_parts.Gate is null || _parts.Gate.Rows == _spec.OutputWidth)
        {
            return _context.Binary("Mul", result, gate);
        }

        string heads = _context.Reshape(result, 0, 0, _spec.Heads, _spec.ValueLength);
        string gates = _context.Reshape(gate, 0, 0, _spec.Heads, 1);
        return _context.Reshape(_context.Binary("Mul", heads, gates), 0, 0, _spec.OutputWidth);
    }
}

using System;
using System.Collections.Generic;
using EdgeRuntime.Modules;
using EdgeRuntime.Onnx.Graph;
using EdgeRuntime.State;

namespace EdgeRuntime.Onnx.Translation;

/// <summary>
/// Translates attention with a cache to GroupQueryAttention, which reads the cache and appends to it. The common part of all mixers with
/// attention.
/// </summary>
/// <param name="context">The context.</param>
/// <param name="prefix">The layer, for messages.</param>
/// <param name="spec">The shape and the options.</param>
/// <param name="rotation">The rope that the attention applies, or null.</param>
/// <param name="sinks">[heads], or null.</param>
internal sealed class CachedAttention(GraphContext context, string prefix, AttentionSpec spec, Rotation? rotation, float[]? sinks)
{
    /// <summary>The multiple of elements that the heads of GroupQueryAttention have. Other heads are padded with zeros.</summary>
    private const int HeadMultiple = 8;

    private readonly int _headLength = HeadLength(spec);

    /// <summary>Gets what is added to scores, 0 for chosen keys, [batch, 1, tokens, total length]; empty where all keys are.</summary>
    public string ChosenKeys { get; init; } = "";

    private OnnxGraph Graph => context.Graph;

    /// <summary>Gets the width of a cached key and value.</summary>
    public static int HeadLength(AttentionSpec spec) =>
        (Math.Max(spec.KeyLength, spec.ValueLength) + HeadMultiple - 1) / HeadMultiple * HeadMultiple;

    /// <summary>Adds attention of queries to the cached keys, theirs included.</summary>
    /// <param name="query">[batch, tokens, heads * key length], or queries, keys and values in one tensor.</param>
    /// <param name="key">[batch, tokens, KV heads * key length], or empty.</param>
    /// <param name="value">[batch, tokens, KV heads * value length], or empty.</param>
    /// <returns>[batch, tokens, heads * value length].</returns>
    /// <exception cref="UnsupportedModelException">The device's attention lacks an option.</exception>
    public string Add(string query, string key, string value)
    {
        Check();
        if (spec.Temperature is { } temperature)
        {
            query = context.Binary("Mul", query, Temperature(temperature));
        }

        if (key.Length > 0)
        {
            query = Pad(query, spec.Heads, spec.KeyLength);
            key = Pad(key, spec.KvHeads, spec.KeyLength);
            value = Pad(value, spec.KvHeads, spec.ValueLength);
        }

        (string[] past, string[] present) = AddCache();
        return Cut(Attend(query, key, value, past, present));
    }

    /// <summary>Adds two values of each position to a cache of their own, for other nodes than attention.</summary>
    /// <param name="key">[batch, tokens, key length], for one KV head.</param>
    /// <param name="value">[batch, tokens, value length].</param>
    /// <returns>Those of all positions, [batch, total length, length] each.</returns>
    public (string Keys, string Values) Append(string key, string value)
    {
        Add(key, key, value); // GroupQueryAttention appends on every device; nothing reads its result
        int layer = context.Layers.Count - 1;
        return (Stored($"present.{layer}.key", spec.KeyLength), Stored($"present.{layer}.value", spec.ValueLength));
    }

    /// <summary>Adds attention of queries to the keys that another layer has appended to its cache.</summary>
    /// <param name="query">[batch, tokens, heads * key length].</param>
    /// <param name="layer">The place of that layer among all with keys and values.</param>
    /// <returns>[batch, tokens, heads * value length].</returns>
    /// <inheritdoc cref="Add" path="/exception"/>
    public string AddShared(string query, int layer)
    {
        Check();
        query = Pad(query, spec.Heads, spec.KeyLength);
        string none = Graph.Add(
            "Slice", [query, Graph.Integers(0, 0), Graph.Integers(0, spec.KvHeads * _headLength), Graph.Integers(1, 2)]);
        return Cut(Attend(query, none, none, [$"present.{layer}.key", $"present.{layer}.value"], []));
    }

    private void Check()
    {
        if (!spec.IsCausal || spec.LookAhead is not null)
        {
            throw context.Model.Refuse(prefix, "attention to later positions");
        }

        bool hasOptions = spec.Window > 0 || spec.ChunkWindow > 0 || spec.ScoreCap > 0 || spec.AlibiSlopes is not null
            || sinks is not null || ChosenKeys.Length > 0;
        if (hasOptions && !context.Profile.HasAttentionOptions)
        {
            throw context.Model.Refuse(prefix, "attention with a window, a cap, biases or sinks");
        }
    }

    /// <summary>Adds [batch, tokens, 1]: 1 + scale ln(floor((position + offset) / length) + 1).</summary>
    private string Temperature(QueryTemperature temperature)
    {
        string position = context.ToFloats(context.Positions);
        string shifted = context.Binary("Add", position, context.Number(temperature.Offset));
        string run = Graph.Add("Floor", [context.Binary("Div", shifted, context.Number(temperature.Length))]);
        string log = Graph.Add("Log", [context.Binary("Add", run, context.Number(1))]);
        string factor = context.Binary("Add", context.Scale(log, temperature.Scale), context.Number(1));
        return Graph.Add("Unsqueeze", [factor, Graph.Integers(-1)]);
    }

    /// <summary>Adds what a cache with one KV head has of all positions, without its room for further ones and without padding.</summary>
    private string Stored(string cache, int length)
    {
        string total = Graph.Add("Unsqueeze", [context.ToInt64(context.Batch.TotalLength), Graph.Integers(0)]);
        string ends = context.Concat([total, Graph.Integers(length)], axis: 0);
        string used = Graph.Add("Slice", [cache, Graph.Integers(0, 0), ends, Graph.Integers(2, 3)]);
        return Graph.Add("Squeeze", [used, Graph.Integers(1)]);
    }

    private string Pad(string x, int heads, int length)
    {
        if (length == _headLength)
        {
            return x;
        }

        string parts = context.Reshape(x, 0, 0, heads, length);
        parts = Graph.Add("Pad", [parts, Graph.Integers(0, 0, 0, 0, 0, 0, 0, _headLength - length)]);
        return context.Reshape(parts, 0, 0, heads * _headLength);
    }

    /// <summary>Cuts what <see cref="Pad"/> has added to values.</summary>
    private string Cut(string x)
    {
        if (spec.ValueLength == _headLength)
        {
            return x;
        }

        string parts = context.Reshape(x, 0, 0, spec.Heads, _headLength);
        parts = context.Split(parts, spec.ValueLength, _headLength - spec.ValueLength)[0];
        return context.Reshape(parts, 0, 0, spec.OutputWidth);
    }

    private string Attend(string query, string key, string value, string[] past, string[] present)
    {
        (string cos, string sin) = rotation is null ? ("", "") : context.Ropes.Tables(rotation);
        List<string> inputs =
        [
            query, key, value, .. past, context.Batch.LastPositions, context.Batch.TotalLength, cos, sin, "", Bias(),
            sinks is null ? "" : context.Table("sinks", sinks, spec.Heads),
        ];
        while (inputs[^1].Length == 0)
        {
            inputs.RemoveAt(inputs.Count - 1);
        }

        string result = Graph.NewName("attention");
        Graph.Add(
            "GroupQueryAttention",
            [.. inputs],
            [result, .. present],
            OnnxAttribute.Of("num_heads", (long)spec.Heads),
            OnnxAttribute.Of("kv_num_heads", (long)spec.KvHeads),
            OnnxAttribute.Of("scale", spec.Scale),
            OnnxAttribute.Of("softcap", spec.ScoreCap),
            OnnxAttribute.Of("local_window_size", spec.Window > 0 ? (long)spec.Window : -1),
            OnnxAttribute.Of("do_rotary", rotation is null ? 0L : 1),
            OnnxAttribute.Of("rotary_interleaved", rotation is null ? 0 : RopeNodes.IsInterleaved(rotation.Rope)));
        return result;
    }

    private (string[] Past, string[] Present) AddCache()
    {
        int layer = context.Layers.Count;
        context.Layers.Add(spec);
        string[] shape = ["batch", $"{spec.KvHeads}", "past_length", $"{_headLength}"];
        string[] present = ["batch", $"{spec.KvHeads}", "present_length", $"{_headLength}"];
        string key = Graph.Input($"past_key_values.{layer}.key", context.Floats, shape);
        string value = Graph.Input($"past_key_values.{layer}.value", context.Floats, shape);
        Graph.Output($"present.{layer}.key", context.Floats, present);
        Graph.Output($"present.{layer}.value", context.Floats, present);
        return ([key, value], [$"present.{layer}.key", $"present.{layer}.value"]);
    }

    /// <summary>
    /// Adds what is added to scores: slopes times distances, or a mask of chosen keys or of runs of positions; empty for nothing.
    /// </summary>
    private string Bias()
    {
        if (ChosenKeys.Length > 0)
        {
            return ChosenKeys;
        }

        if (spec.AlibiSlopes is { } slopes)
        {
            string distance = context.ToFloats(context.Binary("Sub", context.KeyPositions, QueryPositions()));
            return context.Binary("Mul", distance, context.Table("slopes", slopes, 1, spec.Heads, 1, 1));
        }

        if (spec.ChunkWindow > 0)
        {
            string length = Graph.Integer(spec.ChunkWindow);
            string query = context.Binary("Div", QueryPositions(), length);
            string isSame = context.Binary("Equal", query, context.Binary("Div", context.KeyPositions, length));
            return Graph.Add("Where", [isSame, context.Number(0), context.Number(context.LeastNumber)]);
        }

        return "";
    }

    /// <summary>Adds the positions of queries, [batch, 1, tokens, 1].</summary>
    private string QueryPositions() => Graph.Add("Unsqueeze", [context.Positions, Graph.Integers(1, 3)]);
}

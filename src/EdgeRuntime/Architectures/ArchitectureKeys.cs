using System;
using System.Globalization;
using System.Linq;
using EdgeRuntime.Gguf;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>Checked reading of an architecture's own metadata keys (<c>llama.block_count</c> ...).</summary>
internal sealed partial class ArchitectureKeys
{
    // No published model comes near; a larger figure is damage, and would be multiplied into sizes.
    private const int MaxCount = 1 << 24;
    private const int MostHeadLength = 1 << 16;

    /// <summary>The largest number of layers. The deepest published model has an eighth of it.</summary>
    public const int MostLayers = 1024;

    private readonly ModelSource _source;
    private readonly string _prefix;

    /// <param name="source">The model's file.</param>
    /// <param name="prefix">The architecture's name.</param>
    public ArchitectureKeys(ModelSource source, string prefix)
    {
        _source = source;
        _prefix = prefix;
    }

    public ModelSource Source => _source;

    /// <summary>Width of the residual stream.</summary>
    public int Hidden => Positive("embedding_length");

    /// <summary>Positions that the model was trained for.</summary>
    public int ContextLength => Positive("context_length");

    /// <summary>Number of layers that run: without those that predict further tokens.</summary>
    public int LayerCount
    {
        get
        {
            int all = Positive("block_count");
            Require(all <= MostLayers, "block_count", $"{all}", $"at most {MostLayers}");
            Require(all <= _source.TensorCount, "block_count", $"{all}", $"at most the number of tensors, {_source.TensorCount}");
            int predicting = NotNegative("nextn_predict_layers", 0);
            Require(predicting < all, "nextn_predict_layers", $"{predicting}", $"less than block_count, {all}");
            return all - predicting;
        }
    }

    /// <summary>Whether a tensor is of a layer that predicts further tokens, which does not run here.</summary>
    public bool IsOfPredictingLayer(string tensor) =>
        LayerNames.IndexOf(tensor) is var layer && layer >= LayerCount && layer < Positive("block_count");

    /// <summary>Added under the root of RMS norms.</summary>
    public float RmsEpsilon => PositiveSingle("attention.layer_norm_rms_epsilon");

    /// <summary>Added under the root of layer norms.</summary>
    public float LayerNormEpsilon => PositiveSingle("attention.layer_norm_epsilon");

    /// <summary>Rows of the embedding, <c>token_embd</c>.</summary>
    public int Vocabulary => (int)_source.MatrixWithAnyRows("token_embd.weight", Hidden).Rows;

    public bool Has(string key) => _source.Metadata.Contains(Full(key));

    /// <summary>Whether the file has an array for the key.</summary>
    public bool IsArray(string key) => _source.Metadata.GetShape(Full(key)) is { Type: GgufValueType.Array };

    /// <summary>A count from 1 to 2^24; required where <paramref name="fallback"/> is null.</summary>
    public int Positive(string key, int? fallback = null)
    {
        int value = _source.Metadata.GetInt32(Full(key), fallback);
        Require(value is > 0 and <= MaxCount, key, value.ToString(CultureInfo.InvariantCulture), $"1 to {MaxCount}");
        return value;
    }

    /// <summary>A finite number greater than 0.</summary>
    public float PositiveSingle(string key, float? fallback = null)
    {
        float value = _source.Metadata.GetSingle(Full(key), fallback);
        Require(float.IsFinite(value) && value > 0, key, value.ToString(CultureInfo.InvariantCulture), "a finite number above 0");
        return value;
    }

    /// <summary>A finite number.</summary>
    public float FiniteSingle(string key, float fallback)
    {
        float value = _source.Metadata.GetSingle(Full(key), fallback);
        Require(float.IsFinite(value), key, value.ToString(CultureInfo.InvariantCulture), "a finite number");
        return value;
    }

    /// <summary>An integer, not less than 0.</summary>
    public int NotNegative(string key, int fallback)
    {
        int value = _source.Metadata.GetInt32(Full(key), fallback);
        Require(value is >= 0 and <= MaxCount, key, value.ToString(CultureInfo.InvariantCulture), $"0 to {MaxCount}");
        return value;
    }

    public string Text(string key, string fallback) => _source.Metadata.GetString(Full(key), fallback);

    /// <summary>Scale of the attention scores: the file's, or 1 / sqrt(key length).</summary>
    public float AttentionScale(int keyLength)
    {
        float scale = FiniteSingle("attention.scale", 0);
        return scale == 0 ? 1 / MathF.Sqrt(keyLength) : scale;
    }

    /// <summary>KV heads for each layer: as many as heads where the file does not say. Hybrids have layers without any.</summary>
    public int[] KvHeads() => PerLayer(Has("attention.head_count_kv") ? "attention.head_count_kv" : "attention.head_count");

    /// <summary>Heads, their sizes and the scale of scores, as most families have them; without a rope.</summary>
    /// <param name="layer">A layer with attention, where heads differ by layer.</param>
    public AttentionSpec Attention(int layer = 0)
    {
        int hidden = Hidden;
        int[] allHeads = PerLayer("attention.head_count");
        int heads = allHeads[layer];
        int kvHeads = KvHeads()[layer];
        Require(heads > 0, "attention.head_count", $"{heads}", "1 or more");
        Require(kvHeads > 0, "attention.head_count_kv", $"{kvHeads}", "1 or more");
        Require(heads % kvHeads == 0, "attention.head_count_kv", $"{kvHeads}", $"a divisor of attention.head_count, {heads}");
        int first = allHeads[0] > 0 ? allHeads[0] : heads;
        if (!Has("attention.key_length"))
        {
            Require(hidden % first == 0, "attention.head_count", $"{first}", $"a divisor of embedding_length, {hidden}");
        }

        int keyLength = Positive("attention.key_length", hidden / first);
        int valueLength = Positive("attention.value_length", hidden / first);
        RequireHeadLength("attention.key_length", keyLength);
        RequireHeadLength("attention.value_length", valueLength);
        RequireWidth("attention.key_length", heads, keyLength);
        RequireWidth("attention.value_length", heads, valueLength);
        return new AttentionSpec
        {
            Heads = heads,
            KvHeads = kvHeads,
            KeyLength = keyLength,
            ValueLength = valueLength,
            Scale = AttentionScale(keyLength),
            IsCausal = Flag("attention.causal", true),
        };
    }

    /// <summary>As <see cref="Attention(int)"/>, with the family's rope.</summary>
    public AttentionSpec Attention(RopePairing pairing, int layer = 0)
    {
        AttentionSpec attention = Attention(layer);
        return attention with { Rope = RopeKeys.Read(this, attention.KeyLength, pairing) };
    }

    /// <summary>Yes or no.</summary>
    public bool Flag(string key, bool fallback) => _source.Metadata.GetBoolean(Full(key), fallback);

    /// <summary>A count for each layer: the file's array, where 0 means none, or its one number for all.</summary>
    public int[] PerLayer(string key) => Counts(key, LayerCount, "layers");

    /// <summary>A layer's count, 0 or more: of the file's array, its one number for all, or 0 where it has none.</summary>
    public int OfLayer(string key, int layer) => IsArray(key) ? PerLayer(key)[layer] : NotNegative(key, 0);

    /// <summary>So many counts: the file's array, or its one number for all.</summary>
    /// <param name="key">The key.</param>
    /// <param name="count">The least length of the array.</param>
    /// <param name="what">What is counted, for messages.</param>
    public int[] Counts(string key, int count, string what)
    {
        if (!IsArray(key))
        {
            return [.. Enumerable.Repeat(Positive(key), count)];
        }

        ReadOnlyMemory<int> values = _source.Metadata.GetInt32s(Full(key));
        Require(values.Length >= count, key, $"an array of {values.Length}", $"one of {count}, as many as {what}");
        int bad = values.Span[..count].IndexOfAnyExceptInRange(0, MaxCount);
        Require(bad < 0, key, bad < 0 ? "" : $"{values.Span[bad]} at index {bad}", $"0 to {MaxCount}");
        return values.Span[..count].ToArray();
    }

    /// <summary>Reads a number, 0 or more, for each layer: the file's array, its one number for all, or 0 where it has none.</summary>
    public float[] PerLayerSingle(string key)
    {
        int layers = LayerCount;
        if (!IsArray(key))
        {
            return [.. Enumerable.Repeat(NotNegativeSingle(key, 0), layers)];
        }

        float[] numbers = Singles(key, layers);
        int bad = Array.FindIndex(numbers, static number => !float.IsFinite(number) || number < 0);
        Require(bad < 0, key, bad < 0 ? "" : $"{numbers[bad]} for layer {bad}", "0 or more");
        return numbers;
    }

    /// <summary>Reads a number for each layer from the file's array. Numbers are not checked.</summary>
    public float[] Singles(string key, int layers)
    {
        ReadOnlyMemory<float> values = _source.Metadata.GetSingles(Full(key));
        Require(values.Length >= layers, key, $"an array of {values.Length}", $"one of {layers}, as many as layers");
        return values.Span[..layers].ToArray();
    }

    /// <summary>Refuses a rope that turns a part of each head, which the family does not have.</summary>
    public void RequireWholeRope(AttentionSpec attention) => Require(
        attention.Rope!.Dimensions == attention.KeyLength, "rope.dimension_count", $"{attention.Rope.Dimensions}",
        $"the key length, {attention.KeyLength}");

    /// <summary>Refuses values of another length than keys, which the family does not have.</summary>
    public void RequireValuesLikeKeys(AttentionSpec attention) => Require(
        attention.ValueLength == attention.KeyLength, "attention.value_length", $"{attention.ValueLength}",
        $"attention.key_length, {attention.KeyLength}");

    /// <summary>The layers with a window: those of the file's pattern, or all but every last of a period.</summary>
    /// <param name="period">The period where the file has none; null where the file must have a pattern.</param>
    /// <param name="fullFirst">Whether the first layer of a period has no window, instead of the last one.</param>
    public bool[] WindowLayers(int? period, bool fullFirst = false)
    {
        int layers = LayerCount;
        const string Key = "attention.sliding_window_pattern";
        if (IsArray(Key))
        {
            return Flags(Key, layers);
        }

        Require(period is not null, Key, Has(Key) ? "a number" : "missing", $"an array of {layers}, as many as layers");
        int length = Has(Key) ? NotNegative(Key, 0) : period!.Value;
        int full = fullFirst ? 0 : length - 1;
        return [.. Enumerable.Range(0, layers).Select(layer => length == 0 || layer % length != full)];
    }

    /// <summary>The layers of a pattern: those that the file's array marks; all where the file has no array.</summary>
    public bool[] Layers(string key) => IsArray(key) ? Flags(key, LayerCount) : [.. Enumerable.Repeat(true, LayerCount)];

    /// <summary>A factor: <paramref name="fallback"/> where the file has none, and 1 where it has 0, which stands for none.</summary>
    public float Factor(string key, float fallback = 1)
    {
        float factor = FiniteSingle(key, fallback);
        return factor == 0 ? 1 : factor;
    }

    /// <summary>A finite number, not less than 0.</summary>
    public float NotNegativeSingle(string key, float fallback)
    {
        float value = FiniteSingle(key, fallback);
        Require(value >= 0, key, value.ToString(CultureInfo.InvariantCulture), "0 or more");
        return value;
    }

    /// <summary>Refuses a head of a size that no model comes near, and that a cache could not hold.</summary>
    public void RequireHeadLength(string key, int length) =>
        Require(length <= MostHeadLength, key, $"{length}", $"at most {MostHeadLength}");

    /// <summary>Refuses sizes whose product no model comes near, and which would overflow.</summary>
    public void RequireWidth(string key, int count, int size) => Require(
        (long)count * size <= MaxCount, key, $"{size}, {count} times", $"at most {MaxCount} in all");

    /// <summary>Refuses a variant that the key switches on.</summary>
    public void RequireZero(string key, string variant) => RequireOnly(0, key, NotNegative(key, 0), variant);

    /// <summary>Refuses a variant that the key switches on with a number above 1.</summary>
    public void RequireOne(string key, string variant) => RequireOnly(1, key, Positive(key), variant);

    public void Require(bool condition, string key, string found, string expected)
    {
        if (!condition)
        {
            throw new ModelFormatException(_source.Path, -1, $"{Full(key)} is {found}; expected {expected}");
        }
    }

    private bool[] Flags(string key, int layers)
    {
        bool[] flags = _source.Metadata.GetFlags(Full(key));
        Require(flags.Length >= layers, key, $"an array of {flags.Length}", $"one of {layers}, as many as layers");
        return flags[..layers];
    }

    private void RequireOnly(int expected, string key, int found, string variant)
    {
        if (found != expected)
        {
            throw new UnsupportedModelException(
                $"{_source.Path}: {variant} are not supported for architecture '{_prefix}' ({Full(key)} is not {expected})");
        }
    }

    private string Full(string key) => $"{_prefix}.{key}";
}

using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using EdgeRuntime.Json;

namespace EdgeRuntime.Conversion;

/// <summary>
/// Reads the <c>config.json</c> of a model. The values of <c>text_config</c> come before those beside it, and a value that the file leaves
/// out has the default of its family.
/// </summary>
internal sealed class ModelConfig
{
    private const int MaxCount = int.MaxValue;
    private const int MaxLayers = 4096;

    private readonly JsonField _root;
    private readonly JsonField _text;
    private readonly IReadOnlyDictionary<string, double> _defaults;

    /// <param name="root">The file.</param>
    /// <param name="family">The family of the model.</param>
    /// <param name="tensorNames">The names of the tensors of the model, as its files have them.</param>
    public ModelConfig(JsonField root, ModelFamily family, IEnumerable<string> tensorNames)
    {
        _root = root;
        TensorNames = tensorNames;
        _text = root["text_config"].Exists ? root["text_config"] : root["llm_config"];
        _defaults = family.Defaults;
        HiddenSize = GetCount("hidden_size", "n_embd", "dim", "d_model", "model_dim");
        HeadCount = Find("num_query_heads") is { Count: > 0 } heads
            ? heads.Elements().Max(static count => count.GetCount(MaxCount))
            : GetCount("num_attention_heads", "n_head", "n_heads");
        LayerCount = GetCount("n_layers", "num_hidden_layers", "n_layer", "num_layers", "num_transformer_layers");
        if (HeadCount == 0 || LayerCount is 0 or > MaxLayers)
        {
            throw Field("num_hidden_layers").Wrong($"1 to {MaxLayers} layers, and at least one head (num_attention_heads)");
        }

        int ahead = family.PredictingLayers?.Invoke(this) ?? 0;
        BlockCount = ahead <= MaxLayers ? LayerCount + ahead : throw Field("num_nextn_predict_layers").Wrong($"0 to {MaxLayers}");
        HeadSize = FindCount("head_dim") ?? HiddenSize / HeadCount;
        WritesHeadSize = Find("head_dim").Exists || _defaults.ContainsKey("head_dim") || family.DerivesHeadSize;
        Rope = Find("rope_parameters") is { Exists: true } rope ? rope : Find("rope_scaling");
    }

    /// <summary>Gets the path of the file.</summary>
    public string File => _root.File;

    /// <summary>Gets the names of the tensors of the model, as its files have them.</summary>
    public IEnumerable<string> TensorNames { get; }

    /// <summary>Gets the width of the residual stream.</summary>
    public int HiddenSize { get; }

    /// <summary>Gets the number of heads of the queries: the greatest, if it differs by layer.</summary>
    public int HeadCount { get; }

    /// <summary>Gets the number of heads of the keys and values.</summary>
    public int KeyHeadCount =>
        FindCount("num_key_value_heads", "n_kv_heads", "num_kv_heads", "n_head_kv", "num_query_groups") ?? HeadCount;

    /// <summary>Gets the width of a head.</summary>
    public int HeadSize { get; }

    /// <summary>Gets whether the width of a head is a key of its own, rather than to be derived.</summary>
    public bool WritesHeadSize { get; }

    /// <summary>Gets the number of layers.</summary>
    public int LayerCount { get; }

    /// <summary>Gets the number of layers with those that predict tokens ahead.</summary>
    public int BlockCount { get; }

    /// <summary>Gets the number of rows of the token embedding; 0 if the file does not say.</summary>
    public int VocabularySize => FindCount("vocab_size") ?? 0;

    /// <summary>Gets the number of experts of a layer; 0 for none.</summary>
    public int ExpertCount => FindCount(
            "moe_num_primary_experts", "num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts")
        ?? (Find("ffn_config")["moe_num_experts"] is { Exists: true } experts ? experts.GetCount(MaxCount) : 0);

    /// <summary>Gets the parameters of the rotary embedding: those of the layers that see everything, if layers differ.</summary>
    public JsonField FullRope => Rope["full_attention"].Exists ? Rope["full_attention"] : Rope;

    /// <summary>Gets the parameters of the rotary embedding as the file has them.</summary>
    public JsonField Rope { get; }

    /// <summary>Finds the value of the first key that has one.</summary>
    public JsonField Find(params ReadOnlySpan<string> keys)
    {
        foreach (string key in keys)
        {
            if (Field(key) is { Exists: true } found)
            {
                return found;
            }
        }

        return default;
    }

    /// <summary>Gets the value of a key, which may be missing: its errors name its place.</summary>
    public JsonField Get(string key) => Field(key);

    /// <summary>Finds a whole number, or null.</summary>
    /// <exception cref="ModelFormatException">The value is not a whole number from 0 on.</exception>
    public int? FindCount(params ReadOnlySpan<string> keys) =>
        Find(keys) is { Exists: true } found ? found.GetCount(MaxCount) : (int?)FindDefault(keys);

    /// <summary>Gets a whole number.</summary>
    /// <exception cref="ModelFormatException">There is no such key, or the value is not a whole number from 0 on.</exception>
    public int GetCount(params ReadOnlySpan<string> keys) => FindCount(keys) ?? Field(keys[0]).GetCount(MaxCount);

    /// <summary>Gets a whole number above 0.</summary>
    /// <exception cref="ModelFormatException">There is no such key, or the value is not such a number.</exception>
    public int GetPositiveCount(string key) => GetCount(key) is > 0 and int count ? count : throw Field(key).Wrong("a number above 0");

    /// <summary>Finds a number, or null.</summary>
    /// <exception cref="ModelFormatException">The value is not a number.</exception>
    public double? FindNumber(params ReadOnlySpan<string> keys) =>
        Find(keys) is { Exists: true } found ? found.GetNumber() : FindDefault(keys);

    /// <summary>Gets a number.</summary>
    /// <exception cref="ModelFormatException">There is no such key, or the value is not a number.</exception>
    public double GetNumber(string key) => FindNumber(key) ?? Field(key).GetNumber();

    /// <summary>Gets the share of each head that the rotary embedding turns.</summary>
    /// <exception cref="ModelFormatException">The value is not a number.</exception>
    public double GetRotaryShare(double fallback) => Rope["partial_rotary_factor"] is { Exists: true } share
        ? share.GetNumber()
        : FindNumber("partial_rotary_factor", "rope_pct", "rope_percent") ?? fallback;

    /// <summary>Finds the base of the rotary embedding, or null: of the layers that see everything, if there is a list.</summary>
    /// <exception cref="ModelFormatException">The value is not a number.</exception>
    public double? FindTheta(params ReadOnlySpan<string> keys) =>
        Find(keys) is { Kind: JsonValueKind.Array } list ? list[0].GetNumber() : FindNumber(keys);

    /// <summary>Finds the kinds of the layers, one for each; null if the file does not have them.</summary>
    /// <exception cref="ModelFormatException">There are not as many as layers.</exception>
    public string[]? FindLayerTypes()
    {
        JsonField field = Find("layer_types");
        if (!field.Exists)
        {
            return null;
        }

        string[] types = [.. field.Elements().Select(static type => type.GetText())];
        return types.Length == LayerCount ? types : throw field.Wrong($"{LayerCount} layer types, one for each layer");
    }

    /// <summary>Gets the kinds of the layers, one for each.</summary>
    /// <exception cref="ModelFormatException">The file does not have them, or not as many as layers.</exception>
    public string[] GetLayerTypes() => FindLayerTypes() ?? throw Field("layer_types").Wrong("the kind of each layer");

    /// <summary>Finds which layers attend to a window alone; null if the file does not have the kinds of the layers.</summary>
    /// <exception cref="ModelFormatException">There are not as many as layers.</exception>
    public bool[]? FindWindowLayers() =>
        FindLayerTypes() is { } types ? [.. types.Select(static type => type == "sliding_attention")] : null;

    /// <summary>Gets which layers attend to a window alone.</summary>
    /// <exception cref="ModelFormatException">The file does not have the kinds of the layers, or not as many as layers.</exception>
    public bool[] GetWindowLayers() => [.. GetLayerTypes().Select(static type => type == "sliding_attention")];

    private JsonField Field(string key) => _text[key].Exists ? _text[key] : _root[key];

    private double? FindDefault(ReadOnlySpan<string> keys)
    {
        foreach (string key in keys)
        {
            if (_defaults.TryGetValue(key, out double value))
            {
                return value;
            }
        }

        return null;
    }
}

using System;
using System.Globalization;
using System.Linq;

namespace EdgeRuntime.Conversion;

/// <summary>The layers behind the others that predict tokens ahead, in models whose files number them on.</summary>
internal static class PredictingLayers
{
    private const string Layers = "model.layers.";

    /// <summary>The names of the tensors that such a layer has beside those of other layers.</summary>
    public static readonly NameRule[] Names =
    [
        new("model.layers.*.eh_proj", "blk.*.nextn.eh_proj"),
        new("model.layers.*.embed_tokens", "blk.*.nextn.embed_tokens"),
        new("model.layers.*.enorm", "blk.*.nextn.enorm"),
        new("model.layers.*.hnorm", "blk.*.nextn.hnorm"),
        new("model.layers.*.shared_head.head", "blk.*.nextn.shared_head_head"),
        new("model.layers.*.shared_head.norm", "blk.*.nextn.shared_head_norm"),
    ];

    /// <summary>Counts the layers: those of the configuration, or none if the files lack them, as those of retrained models do.</summary>
    public static int Count(ModelConfig config)
    {
        int count = config.FindCount("num_nextn_predict_layers") ?? 0;
        return count > 0 && config.TensorNames.Any(name => IsAhead(config, name)) ? count : 0;
    }

    /// <summary>Gets whether a tensor belongs to such a layer.</summary>
    public static bool IsAhead(ModelConfig config, string name)
    {
        name = name.Replace("language_model.", "", StringComparison.Ordinal);
        return name.StartsWith(Layers, StringComparison.Ordinal)
            && int.TryParse(name[Layers.Length..].Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int layer)
            && layer >= config.LayerCount;
    }

    /// <summary>Adds the key of their number, if the configuration has it.</summary>
    public static void AddKey(ModelConfig config, KeyList keys)
    {
        if (config.Find("num_nextn_predict_layers").Exists)
        {
            keys.Set("nextn_predict_layers", (uint)(config.BlockCount - config.LayerCount));
        }
    }
}

using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Json;

namespace EdgeRuntime.Conversion;

/// <summary>Tensors with factors for the pairs of a rotary embedding.</summary>
internal static class RopeFactors
{
    /// <summary>Computes by how much Llama 3.1 slows each pair of its rotary embedding; nothing for a plain one.</summary>
    public static IEnumerable<(string Name, float[] Values)> OfLlama3(ModelConfig config, float defaultFactor, int? rotation = null)
    {
        JsonField rope = config.FullRope;
        string? type = rope["rope_type"].FindText() ?? rope["type"].FindText();
        if (!string.Equals(type, "llama3", StringComparison.OrdinalIgnoreCase))
        {
            yield break;
        }

        double Get(string key, double fallback) => rope[key].Exists ? rope[key].GetNumber() : fallback;

        float theta = (float)Get("rope_theta", config.FindTheta("rope_theta") ?? 10000);
        float factor = (float)Get("factor", defaultFactor);
        float low = (float)Get("low_freq_factor", 1);
        float high = (float)Get("high_freq_factor", 4);
        float context = (float)Get("original_max_position_embeddings", 8192);
        int size = rotation ?? config.HeadSize;
        float[] factors = [.. Enumerable.Repeat(1f, config.HeadSize / 2)];
        for (int i = 0; i < Math.Min(size / 2, factors.Length); i++)
        {
            float wave = 2 * MathF.PI * MathF.Pow(theta, 2f * i / size);
            float smooth = ((context / wave) - low) / (high - low);
            factors[i] = wave < context / high ? 1
                : wave > context / low ? factor
                : 1 / (((1 - smooth) / factor) + smooth);
        }

        yield return ("rope_freqs.weight", factors);
    }

    /// <summary>Gets the factors that the configuration lists for long and short texts; nothing for a plain embedding.</summary>
    public static IEnumerable<(string Name, float[] Values)> OfLongRope(ModelConfig config, int rotation)
    {
        if (config.Rope["long_factor"].Count == 0)
        {
            yield break;
        }

        foreach (string kind in (string[])["long", "short"])
        {
            JsonField field = config.Rope[$"{kind}_factor"];
            float[] factors = [.. field.Elements().Select(static factor => (float)factor.GetNumber())];
            int expected = rotation / 2;
            yield return factors.Length == expected
                ? ($"rope_factors_{kind}.weight", factors)
                : throw field.Wrong($"{expected} factors");
        }
    }
}

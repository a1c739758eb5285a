using System;
using System.Collections.Generic;
using System.Linq;
using System.Numerics;
using EdgeRuntime.Json;

namespace EdgeRuntime.Conversion;

/// <summary>Tensors with factors for the pairs of a rotary embedding.</summary>
internal static class RopeFactors
{
    /// <summary>Computes by how much Llama 3.1 slows each pair of its rotary embedding; nothing for a plain one.</summary>
    /// <param name="config">The configuration of the model.</param>
    /// <param name="defaultFactor">The factor of slow pairs, where the file has none.</param>
    /// <param name="rotation">The number of elements of a head that are slowed, if they are a part.</param>
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
        double factor = Get("factor", defaultFactor);
        double low = Get("low_freq_factor", 1);
        double high = Get("high_freq_factor", 4);
        double context = Get("original_max_position_embeddings", 8192);
        int size = rotation ?? config.HeadSize;
        float[] factors = [.. Enumerable.Repeat(1f, config.HeadSize / 2)];
        for (int i = 0; i < Math.Min(size / 2, factors.Length); i++)
        {
            float slow = MathF.Pow(theta, 2f * i / size);
            factors[i] = rotation is null
                ? ComputeFactor(2 * MathF.PI / (1 / slow), (float)factor, (float)low, (float)high, (float)context)
                : (float)ComputeFactor(2 * Math.PI / (1 / slow), factor, low, high, context);
        }

        yield return ("rope_freqs.weight", factors);
    }

    // llama.cpp's converter computes in float, but in double for a part of a head.
    private static T ComputeFactor<T>(T wave, T factor, T low, T high, T context)
        where T : IFloatingPoint<T>
    {
        T smooth = ((context / wave) - low) / (high - low);
        return wave < context / high ? T.One
            : wave > context / low ? factor
            : T.One / (((T.One - smooth) / factor) + smooth);
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

using System;
using System.Linq;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.State;

namespace EdgeRuntime.Architectures;

/// <summary>Reads a rope from an architecture's <c>rope.*</c> keys and from the tensors of its frequency factors.</summary>
internal static class RopeKeys
{
    private const string Sections = "rope.dimension_sections";

    /// <summary>Reads an architecture's <c>rope.*</c> keys and factor tensors.</summary>
    public static RopeSpec Read(ArchitectureKeys keys, int keyLength, RopePairing pairing)
    {
        int dimensions = keys.Positive("rope.dimension_count", keyLength);
        keys.Require(
            dimensions % 2 == 0 && dimensions <= keyLength, "rope.dimension_count", $"{dimensions}", $"an even number up to {keyLength}");
        string kind = keys.Text("rope.scaling.type", "linear");
        if (kind is not ("none" or "linear" or "yarn" or "longrope"))
        {
            throw new UnsupportedModelException(
                $"{keys.Source.Path}: rope scaling '{Printable.Shorten(kind)}' is not supported; supported: none, linear, yarn, longrope");
        }

        float factor = keys.FiniteSingle("rope.scaling.factor", keys.FiniteSingle("rope.scale_linear", 0));
        keys.Require(factor >= 0, "rope.scaling.factor", $"{factor}", "0 (none) or more");
        float frequencyScale = factor == 0 || kind == "none" ? 1 : 1 / factor;
        float extrapolation = keys.FiniteSingle("rope.scaling.yarn_ext_factor", -1);
        extrapolation = extrapolation >= 0 ? extrapolation : kind == "yarn" ? 1 : 0;
        return new RopeSpec
        {
            Dimensions = dimensions,
            Pairing = pairing,
            Base = keys.PositiveSingle("rope.freq_base", 10000),
            FrequencyScale = frequencyScale,
            ExtrapolationFactor = extrapolation,
            Magnitude = ReadMagnitude(keys, frequencyScale, extrapolation),
            BetaFast = keys.PositiveSingle("rope.scaling.yarn_beta_fast", 32),
            BetaSlow = keys.PositiveSingle("rope.scaling.yarn_beta_slow", 1),
            OriginalContextLength = keys.Positive("rope.scaling.original_context_length", keys.Positive("context_length")),
            FrequencyFactors = Factors(keys, "rope_freqs.weight", dimensions),
            LongFactors = Factors(keys, "rope_factors_long.weight", dimensions),
            ShortFactors = Factors(keys, "rope_factors_short.weight", dimensions),
        };
    }

    /// <summary>Gets whether the file shares out the pairs of the rope among several positions of a token.</summary>
    public static bool HasSections(ArchitectureKeys keys) =>
        keys.Has(Sections) && keys.Counts(Sections, 4, "positions of a token") is [> 0, > 0, ..];

    /// <summary>
    /// Restricts a rope that has four positions for each token to text: the first three are equal, and the fourth is 0, so that its pairs
    /// do not turn. The pairs of each position are those of <c>rope.dimension_sections</c>.
    /// </summary>
    /// <param name="keys">The model's metadata.</param>
    /// <param name="rope">The rope.</param>
    /// <param name="interleaved">Whether the first three sections take turns instead of following each other.</param>
    public static RopeSpec ForText(ArchitectureKeys keys, RopeSpec rope, bool interleaved)
    {
        int[] sections = keys.Counts(Sections, 4, "positions of a token");
        int pairs = (int)Math.Min(int.MaxValue, sections.Sum(static section => (long)section));
        keys.Require(
            pairs > 0 && pairs <= rope.Dimensions, Sections, $"{pairs} in all", $"1 to {rope.Dimensions}, the elements that rotate");
        float[] factors = rope.FrequencyFactors?.ToArray() ?? [.. Enumerable.Repeat(1f, rope.Dimensions / 2)];
        for (int i = 0; i < factors.Length; i++)
        {
            int pair = i % pairs;
            bool turns = interleaved ? pair < 3 * sections[pair % 3] : pair < pairs - sections[3];
            factors[i] = turns ? factors[i] : float.PositiveInfinity;
        }

        return rope with { FrequencyFactors = factors };
    }

    /// <summary>Gives a rope the number of rotated elements that layers with a window have, if the file has one for them.</summary>
    /// <param name="keys">The model's metadata.</param>
    /// <param name="keyLength">The elements of a head of such a layer.</param>
    /// <param name="rope">The rope.</param>
    public static RopeSpec ForWindow(ArchitectureKeys keys, int keyLength, RopeSpec rope)
    {
        const string Key = "rope.dimension_count_swa";
        int dimensions = keys.Positive(Key, rope.Dimensions);
        int most = rope.HasFactors ? Math.Min(keyLength, rope.Dimensions) : keyLength;
        keys.Require(dimensions % 2 == 0 && dimensions <= most, Key, $"{dimensions}", $"an even number up to {most}");
        return rope with { Dimensions = dimensions };
    }

    /// <summary>
    /// llama.cpp's rule: with YaRN the magnitude 1 + 0.1 ln(factor) is applied once, where cosine and sine are made, and a
    /// log multiplier (DeepSeek) replaces it by the quotient of two such terms.
    /// </summary>
    private static float ReadMagnitude(ArchitectureKeys keys, float frequencyScale, float extrapolation)
    {
        float magnitude = keys.FiniteSingle("rope.scaling.attn_factor", 1);
        if (extrapolation == 0)
        {
            return magnitude * keys.FiniteSingle("rope.scaling.yarn_attn_factor", 1);
        }

        float factor = 1 / frequencyScale;
        float logMultiplier = keys.FiniteSingle("rope.scaling.yarn_log_multiplier", 0);
        float attention = logMultiplier != 0 ? YarnMagnitude(factor, 1) / YarnMagnitude(factor, logMultiplier) : YarnMagnitude(factor, 1);
        return magnitude * attention / (1 + (0.1f * MathF.Log(factor)));
    }

    private static float YarnMagnitude(float factor, float multiplier) => factor <= 1 ? 1 : (0.1f * multiplier * MathF.Log(factor)) + 1;

    private static float[]? Factors(ArchitectureKeys keys, string name, int dimensions)
    {
        float[]? factors = keys.Source.OptionalVector(name, dimensions / 2);
        if (factors is not null && Array.Exists(factors, factor => factor == 0))
        {
            throw new ModelFormatException(keys.Source.Path, -1, $"tensor '{name}' holds a factor that is 0");
        }

        return factors;
    }

    /// <summary>
    /// By what the scores of latent attention are multiplied, squared: with YaRN the rope's whole magnitude, and the log multiplier's.
    /// Source: llama.cpp, models/deepseek2.cpp.
    /// </summary>
    public static float LatentMagnitude(ArchitectureKeys keys, RopeSpec rope)
    {
        if (rope.ExtrapolationFactor == 0)
        {
            return rope.Magnitude;
        }

        float log = MathF.Log(1 / rope.FrequencyScale);
        return rope.Magnitude * (1 + (0.1f * log)) * (1 + (keys.FiniteSingle("rope.scaling.yarn_log_multiplier", 0) * log));
    }
}

using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// Gemma 4, text: Gemma 3's norms; windows by the file's pattern, with heads and a rope of their own; layers that read the keys and values
/// of earlier ones; experts beside the feed-forward; an input of its own and a factor for each layer.
/// </summary>
internal sealed class Gemma4 : Architecture
{
    public override string Name => "gemma4";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        int layers = keys.LayerCount;
        bool[] hasWindow = keys.WindowLayers(period: null);
        var shared = new SharedKeys(keys, hasWindow, fallback: 0);
        var decoder = new Decoder(keys, NormKind.Rms)
        {
            Embedding = new Embedding("token_embd", keys.Hidden) { Scale = MathF.Sqrt(keys.Hidden) },
            LogitCap = keys.NotNegativeSingle("final_logit_softcapping", 30),
            IsNotRun = shared.IsUnused,
        };
        int inputWidth = keys.NotNegative("embedding_length_per_layer_input", 0);
        keys.RequireWidth("embedding_length_per_layer_input", layers, inputWidth);
        LayerInputs? inputs = inputWidth == 0
            ? null
            : new LayerInputs(decoder.Hidden, inputWidth, layers, keys.Vocabulary, keys.RmsEpsilon);
        Attention[] attention = shared.CreateAttention(decoder.Hidden, ReadAttention(keys, hasWindow));
        int[] widths = keys.PerLayer("feed_forward_length");
        ExpertSpec? experts = ReadExperts(keys);
        return decoder.Build((index, layer) =>
        [
            .. index == 0 && inputs is not null ? new Stage[] { inputs } : [],
            new Residual(decoder.Norm($"{layer}.attn_norm"), attention[index], decoder.Norm($"{layer}.post_attention_norm")),
            ReadFeedForward(keys, decoder, layer, widths[index], experts),
            .. inputs is null ? [] : new Stage[]
            {
                new Residual(before: null, new LayerInput(layer, decoder.Hidden, inputs, index), decoder.Norm($"{layer}.post_norm")),
            },
            .. keys.Source.Has($"{layer}.layer_output_scale.weight")
                ? new Stage[] { new ScaleStream($"{layer}.layer_output_scale.weight") }
                : [],
        ]);
    }

    private static ExpertSpec? ReadExperts(ArchitectureKeys keys)
    {
        ExpertSpec? experts = keys.Experts(ArchitectureKeys.ExpertWidth);
        return experts is null ? null : experts with
        {
            Scale = 1,
            RouterScale = 1 / MathF.Sqrt(keys.Hidden),
            RouterBiasOrder = BiasOrder.NoScale,
        };
    }

    private static Stage ReadFeedForward(ArchitectureKeys keys, Decoder decoder, string layer, int width, ExpertSpec? experts)
    {
        var dense = new FeedForward(layer, decoder.Hidden, width, Activation.Gelu);
        Norm before = decoder.Norm($"{layer}.ffn_norm");
        Norm after = decoder.Norm($"{layer}.post_ffw_norm");
        if (experts is null || !keys.HasRouter(layer))
        {
            return new Residual(before, dense, after);
        }

        return new DenseBesideExperts(
            dense,
            new Experts(layer, decoder.Hidden, experts, Activation.Gelu) { HasEarlyScores = true },
            new DenseAndExpertNorms(
                before,
                decoder.Norm($"{layer}.post_ffw_norm_1"),
                decoder.Norm($"{layer}.pre_ffw_norm_2"),
                decoder.Norm($"{layer}.post_ffw_norm_2"),
                new Norm($"{layer}.ffn_gate_inp", NormKind.Rms, keys.RmsEpsilon, decoder.Hidden) { Suffix = ".scale" },
                after));
    }

    private static AttentionSpec[] ReadAttention(ArchitectureKeys keys, bool[] hasWindow)
    {
        int window = keys.Positive("attention.sliding_window");
        int windowLength = keys.Positive("attention.key_length_swa");
        keys.RequireHeadLength("attention.key_length_swa", windowLength);
        RequireEqual(keys, "attention.value_length_swa", windowLength, "attention.key_length_swa");
        RequireEqual(keys, "attention.value_length", keys.Positive("attention.key_length"), "attention.key_length");
        RopeSpec rope = RopeKeys.Read(keys, keys.Positive("attention.key_length"), RopePairing.Neox);
        RopeSpec windowRope = RopeKeys.ForWindow(keys, windowLength, rope with { FrequencyFactors = null }) with
        {
            Base = keys.PositiveSingle("rope.freq_base_swa", 10000),
            FrequencyScale = 1,
        };
        var specs = new AttentionSpec[hasWindow.Length];
        for (int i = 0; i < specs.Length; i++)
        {
            AttentionSpec full = keys.Attention(i) with
            {
                Rope = rope,
                Norm = QueryKeyNorm.Heads,
                NormEpsilon = keys.RmsEpsilon,
                NormsValues = true,
                MayShareValues = true,
                Scale = 1,
            };
            keys.RequireWidth("attention.key_length_swa", full.Heads, windowLength);
            specs[i] = !hasWindow[i]
                ? full
                : full with { Rope = windowRope, Window = window, KeyLength = windowLength, ValueLength = windowLength };
        }

        return specs;
    }

    private static void RequireEqual(ArchitectureKeys keys, string key, int expected, string other)
    {
        int found = keys.Positive(key);
        keys.Require(found == expected, key, $"{found}", $"{other}, {expected}");
    }
}

using System;
using System.Linq;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// Kimi Linear: delta attention in layers without KV heads, latent attention without positions in the others, and experts.
/// </summary>
internal sealed class KimiLinear : Architecture
{
    public override string Name => "kimi-linear";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms) { IsNotRun = IsUnused };
        int[] kvHeads = keys.KvHeads();
        LatentAttentionSpec latent = ReadLatent(keys);
        DeltaRuleSpec delta = ReadDelta(keys, latent.Heads);
        int dense = keys.NotNegative("leading_dense_block_count", 0);
        ExpertSpec? experts = ReadExperts(keys);
        return decoder.Build((index, layer) => decoder.PreNorm(
            layer,
            kvHeads[index] == 0
                ? new DeltaAttention(layer, decoder.Hidden, delta)
                : new LatentAttention(layer, decoder.Hidden, latent),
            keys.DenseOrExperts(layer, Activation.Silu, index < dense ? null : experts, order: BiasOrder.NoScale)));
    }

    /// <summary>Reads the parameters of latent attention without positions and with direct queries.</summary>
    internal static LatentAttentionSpec ReadLatent(ArchitectureKeys keys)
    {
        LatentAttentionSpec latent = LatentKeys.Read(
            keys, "attention.key_length_mla", "attention.value_length_mla", RopePairing.Norm);
        return latent with { Scale = 1 / MathF.Sqrt(latent.QueryLength), QueryRank = 0, Rope = Still(latent.Rope) };
    }

    /// <summary>Reads the parameters of delta attention.</summary>
    internal static DeltaRuleSpec ReadDelta(ArchitectureKeys keys, int heads)
    {
        var delta = new DeltaRuleSpec
        {
            Heads = heads,
            KeyHeads = heads,
            HeadSize = keys.Positive("kda.head_dim"),
            Taps = keys.Positive("ssm.conv_kernel"),
            Epsilon = keys.RmsEpsilon,
            HasChannelDecays = true,
            GateActivation = Activation.Sigmoid,
        };
        keys.RequireDeltaRule(delta, "kda.head_dim");
        return delta;
    }

    /// <summary>Reads the parameters of delta attention whose decays have a bound.</summary>
    internal static DeltaRuleSpec ReadBoundedDelta(ArchitectureKeys keys, int heads)
    {
        const string Key = "kda.gate_lower_bound";
        float bound = keys.FiniteSingle(Key, 0);
        keys.Require(bound < 0, Key, $"{bound}", "a number below 0");
        return ReadDelta(keys, heads) with { LogDecayBound = bound };
    }

    /// <summary>
    /// Gets whether a tensor is a bias or a scale of attention, which llama.cpp loads without using it in the families that followed.
    /// </summary>
    internal static bool IsUnusedInAttention(string tensor) =>
        tensor.Contains(".attn_", StringComparison.Ordinal)
        && (tensor.EndsWith(".bias", StringComparison.Ordinal) || tensor.EndsWith(".scale", StringComparison.Ordinal));

    private static ExpertSpec? ReadExperts(ArchitectureKeys keys)
    {
        if (keys.Experts("expert_feed_forward_length") is not { } experts)
        {
            return null;
        }

        int shared = Math.Max(1, keys.NotNegative("expert_shared_count", 1));
        keys.RequireWidth("expert_shared_count", experts.Width, shared);
        return experts with
        {
            Gating = keys.Gating(ExpertGating.Sigmoid),
            SharedWidth = experts.Width * shared,
            BiasOrder = BiasOrder.NoScale,
            SharedBiasOrder = BiasOrder.NoScale,
        };
    }

    /// <summary>A rope that does not turn: the model has no positions, but parts its keys as models with a rope do.</summary>
    private static RopeSpec Still(RopeSpec rope) => rope with
    {
        Magnitude = 1,
        ExtrapolationFactor = 0,
        FrequencyFactors = [.. Enumerable.Repeat(float.PositiveInfinity, rope.Dimensions / 2)],
    };

    /// <summary>Biases and scales of attention, which llama.cpp loads without using them, except for the scale of the output.</summary>
    private static bool IsUnused(string tensor) =>
        IsUnusedInAttention(tensor) && !tensor.EndsWith(".attn_output.scale", StringComparison.Ordinal);
}

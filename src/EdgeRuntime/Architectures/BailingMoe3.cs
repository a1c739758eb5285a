using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// Ling 3: delta attention with bounded decays in layers without KV heads, latent attention with a gate for each head in the others, and
/// experts with limits by layer.
/// </summary>
internal sealed class BailingMoe3 : Architecture
{
    public override string Name => "bailingmoe3";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms)
        {
            IsNotRun = tensor => keys.IsOfPredictingLayer(tensor) || KimiLinear.IsUnusedInAttention(tensor),
        };
        int[] kvHeads = keys.KvHeads();
        LatentAttentionSpec latent = ReadLatent(keys);
        DeltaRuleSpec delta = ReadDelta(keys, latent.Heads);
        int dense = keys.NotNegative("leading_dense_block_count", 0);
        int width = keys.Positive("feed_forward_length");
        ExpertSpec experts = ReadExperts(keys);
        GateLimit[] limits = keys.GateLimits("swiglu_clamp_exp", GateLimitKind.ActivatedGate);
        GateLimit[] sharedLimits = keys.GateLimits("swiglu_clamp_shexp", GateLimitKind.ActivatedGate);
        return decoder.Build((index, layer) => decoder.PreNorm(
            layer,
            kvHeads[index] == 0
                ? new DeltaAttention(layer, decoder.Hidden, delta)
                : new LatentAttention(layer, decoder.Hidden, latent),
            index < dense
                ? new FeedForward(layer, decoder.Hidden, width, Activation.Silu)
                {
                    Limit = sharedLimits[index],
                    BiasOrder = BiasOrder.NoScale,
                }
                : new Experts(
                    layer, decoder.Hidden, experts with { Limit = limits[index], SharedLimit = sharedLimits[index] }, Activation.Silu)));
    }

    private static LatentAttentionSpec ReadLatent(ArchitectureKeys keys)
    {
        LatentAttentionSpec latent = LatentKeys.Read(keys, "attention.key_length_mla", "attention.value_length_mla", RopePairing.Norm);
        return latent with
        {
            Scale = 1 / MathF.Sqrt(latent.QueryLength),
            QueryRank = keys.NotNegative("attention.q_lora_rank", 0),
            Gate = OutputGateKind.Sigmoid,
            BiasOrder = BiasOrder.NoScale,
        };
    }

    private static DeltaRuleSpec ReadDelta(ArchitectureKeys keys, int heads)
    {
        keys.Require(keys.Flag("kda.safe_gate", true), "kda.safe_gate", "false", "true");
        return KimiLinear.ReadBoundedDelta(keys, heads);
    }

    private static ExpertSpec ReadExperts(ArchitectureKeys keys)
    {
        ExpertSpec experts = keys.Weighed(keys.RequiredExperts(), fallback: null);
        return experts with { SharedWidth = keys.SharedWidth(Math.Max(experts.Width, keys.SharedWidths(experts.Width))) };
    }
}

using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// Kimi K3: Kimi Linear with residuals that attend to the streams kept every few layers, experts in a narrower space, soft limits in all
/// feed-forwards, and gates after latent attention.
/// </summary>
internal sealed class KimiK3 : Architecture
{
    public override string Name => "kimi-k3";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms) { OutputFallback = null, IsNotRun = KimiLinear.IsUnusedInAttention };
        int layers = keys.LayerCount;
        int[] kvHeads = keys.KvHeads();
        LatentAttentionSpec latent = KimiLinear.ReadLatent(keys) with { BiasOrder = BiasOrder.NoScale };
        DeltaRuleSpec delta = ReadDelta(keys, latent.Heads);
        int dense = keys.NotNegative("leading_dense_block_count", 0);
        ExpertSpec experts = keys.Weighed(keys.RequiredExperts(), fallback: null) with { Limit = ReadLimit(keys) };
        int period = keys.NotNegative("attn_res.block_size", 0);
        int most = period == 0 ? 1 : ((layers - 1) / period) + 1;
        keys.RequireWidth("attn_res.block_size", most, decoder.Hidden);
        var kept = new ResidualStreams(most, decoder.Hidden);
        ResidualMix Mix(int count, string name) => new(kept, count, decoder.Norm(name));
        return decoder.Build((index, layer) =>
        {
            Branch mixer = kvHeads[index] == 0
                ? new DeltaAttention(layer, decoder.Hidden, delta)
                : new LatentAttention(layer, decoder.Hidden, OfLayer(keys, layer, latent));
            Branch feedForward = index < dense
                ? new FeedForward(layer, decoder.Hidden, keys.Positive("feed_forward_length"), Activation.Silu)
                {
                    Limit = experts.Limit,
                    BiasOrder = BiasOrder.NoScale,
                }
                : ReadExperts(keys, layer, experts);
            return period == 0 ? decoder.PreNorm(layer, mixer, feedForward) :
            [
                new MixedResidual(
                    Mix((index + period - 1) / period, $"{layer}.attn_res_score"), index % period == 0,
                    decoder.Norm($"{layer}.attn_norm"), mixer),
                new MixedResidual(
                    Mix((index / period) + 1, $"{layer}.ffn_res_score"), keeps: false, decoder.Norm($"{layer}.ffn_norm"), feedForward),
                .. index == layers - 1 ? new Stage[] { new MixStream(Mix(kept.Count, "output_res_score")) } : [],
            ];
        });
    }

    private static LatentAttentionSpec OfLayer(ArchitectureKeys keys, string layer, LatentAttentionSpec latent) => latent with
    {
        QueryRank = keys.Source.Has($"{layer}.attn_q_a_norm.weight") ? keys.Positive("attention.q_lora_rank") : 0,
        Gate = keys.Source.Has($"{layer}.attn_gate.weight") ? OutputGateKind.Sigmoid : OutputGateKind.None,
    };

    private static DeltaRuleSpec ReadDelta(ArchitectureKeys keys, int heads) => keys.Has("kda.gate_lower_bound")
        ? KimiLinear.ReadBoundedDelta(keys, heads) with { HasNegativeFactors = true }
        : KimiLinear.ReadDelta(keys, heads);

    private static GateLimit ReadLimit(ArchitectureKeys keys) => new(
        GateLimitKind.Soft, keys.PositiveSingle("activation.situ_beta"), Math.Max(0, keys.FiniteSingle("activation.situ_linear_beta", 0)));

    private static Branch ReadExperts(ArchitectureKeys keys, string layer, ExpertSpec experts)
    {
        experts = experts with
        {
            SharedWidth = keys.Source.Has($"{layer}.ffn_gate_shexp.weight")
                ? Math.Max(experts.Width, keys.SharedWidths(experts.Width))
                : 0,
            SharedLimit = experts.Limit,
        };
        int width = keys.NotNegative("expert_latent_length", 0);
        string norm = $"{layer}.ffn_routed_norm";
        return width == 0
            ? new Experts(layer, keys.Hidden, experts, Activation.Silu)
            : new LatentExperts(layer, keys.Hidden, width, "ffn_routed", experts, Activation.Silu)
            {
                Norm = keys.Source.Has($"{norm}.weight") ? new Norm(norm, NormKind.Rms, keys.RmsEpsilon, width) : null,
            };
    }
}

using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// Nemotron H and Nemotron 3: each layer is one branch: a feed-forward or experts where it has a width, else attention without positions,
/// or Mamba 2 where it has no KV heads. Nothing has gates. The experts may work in a narrower space.
/// </summary>
/// <param name="name">The name of the variant, which says no more than what the keys say.</param>
internal sealed class NemotronH(string name) : Architecture
{
    public override string Name => name;

    public override ModelModules Read(ArchitectureKeys keys)
    {
        float epsilon = keys.Has("attention.layer_norm_rms_epsilon") ? keys.RmsEpsilon : keys.LayerNormEpsilon;
        var decoder = new Decoder(keys, NormKind.Rms, epsilon) { IsNotRun = keys.IsOfPredictingLayer };
        Mamba2Spec mamba = keys.Mamba2(epsilon);
        int[] kvHeads = keys.KvHeads();
        int[] widths = keys.PerLayer("feed_forward_length");
        return decoder.Build((index, layer) =>
        [
            new Residual(
                decoder.Norm($"{layer}.attn_norm"),
                widths[index] > 0 ? ReadFeedForward(keys, index, widths[index])
                : kvHeads[index] > 0 ? new Attention(layer, decoder.Hidden, keys.Attention(index))
                : new Modules.Mamba2(layer, decoder.Hidden, mamba)),
        ]);
    }

    private static Branch ReadFeedForward(ArchitectureKeys keys, int index, int width)
    {
        string layer = $"blk.{index}";
        if (keys.NotNegative("expert_count", 0) == 0)
        {
            return new FeedForward(layer, keys.Hidden, width, Activation.ReluSquared, gated: false);
        }

        ExpertSpec experts = ReadExperts(keys, index, width);
        int latent = keys.NotNegative("moe_latent_size", 0);
        return latent == 0
            ? new Experts(layer, keys.Hidden, experts, Activation.ReluSquared)
            : new LatentExperts(layer, keys.Hidden, latent, "ffn_latent", experts, Activation.ReluSquared);
    }

    private static ExpertSpec ReadExperts(ArchitectureKeys keys, int index, int width)
    {
        int own = keys.OfLayer(ArchitectureKeys.ExpertWidth, index);
        int used = keys.OfLayer("expert_used_count", index);
        keys.Require(used > 0, "expert_used_count", $"{used} for layer {index}", "1 or more");
        keys.Require(own > 0 || width >= used, "feed_forward_length", $"{width}", $"expert_used_count, {used}, or more");
        return keys.Experts(own > 0 ? own : width / used, used) with
        {
            Gating = ExpertGating.Sigmoid,
            Normalizes = keys.Flag("expert_weights_norm", false),
            HasGate = false,
            SharedWidth = keys.Positive("expert_shared_feed_forward_length"),
            RouterBiasOrder = BiasOrder.NoScale,
        };
    }
}

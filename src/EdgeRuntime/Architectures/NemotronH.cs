using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;

namespace EdgeRuntime.Architectures;

/// <summary>
/// Nemotron H: each layer is one branch: a feed-forward where it has a width, else attention without positions, or Mamba 2 where it has no
/// KV heads.
/// </summary>
/// <param name="name">The name of the variant, which says no more than what the keys say.</param>
internal sealed class NemotronH(string name) : Architecture
{
    public override string Name => name;

    public override ModelModules Read(ArchitectureKeys keys)
    {
        keys.RequireZero("expert_count", "experts without gates");
        float epsilon = keys.Has("attention.layer_norm_rms_epsilon") ? keys.RmsEpsilon : keys.LayerNormEpsilon;
        var decoder = new Decoder(keys, NormKind.Rms, epsilon) { IsNotRun = keys.IsOfPredictingLayer };
        Mamba2Spec mamba = keys.Mamba2(epsilon);
        int[] kvHeads = keys.KvHeads();
        int[] widths = keys.PerLayer("feed_forward_length");
        return decoder.Build((index, layer) =>
        [
            new Residual(
                decoder.Norm($"{layer}.attn_norm"),
                widths[index] > 0 ? new FeedForward(layer, decoder.Hidden, widths[index], Activation.ReluSquared, gated: false)
                : kvHeads[index] > 0 ? new Attention(layer, decoder.Hidden, keys.Attention(index))
                : new Modules.Mamba2(layer, decoder.Hidden, mamba)),
        ]);
    }
}

using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>Falcon H1: attention and Mamba 2 side by side in every layer, then a feed-forward.</summary>
internal sealed class FalconH1 : Architecture
{
    public override string Name => "falcon-h1";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms) { IsNotRun = IsNotRun };
        AttentionSpec attention = keys.Attention(RopePairing.Neox);
        attention = attention with { Rope = attention.Rope! with { FrequencyFactors = null } };
        Mamba2Spec mamba = keys.Mamba2(keys.Source.Has("blk.0.ssm_norm.weight") ? keys.RmsEpsilon : null);
        int width = keys.Positive("feed_forward_length");
        return decoder.Build((_, layer) =>
        [
            .. decoder.Parallel(
                layer,
                new Attention(layer, decoder.Hidden, attention),
                new Modules.Mamba2(layer, decoder.Hidden, mamba)),
            new Residual(
                new Norm($"{layer}.ffn_norm", NormKind.Rms, keys.RmsEpsilon, decoder.Hidden) { Suffix = "" },
                new FeedForward(layer, decoder.Hidden, width, Activation.Silu) { BiasOrder = BiasOrder.NoScale }),
        ]);
    }

    /// <summary>Frequency factors and output biases of attention, which llama.cpp loads without using them.</summary>
    private static bool IsNotRun(string tensor) =>
        tensor == "rope_freqs.weight" || tensor.EndsWith(".attn_output.bias", StringComparison.Ordinal);
}

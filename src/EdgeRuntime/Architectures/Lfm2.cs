using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// LFM2, dense and with experts behind a few dense layers: most layers mix by a short convolution, the others by attention; these are the
/// ones with KV heads.
/// </summary>
/// <param name="name">The name of the variant.</param>
/// <param name="hasExperts">Whether the variant has experts.</param>
internal sealed class Lfm2(string name, bool hasExperts) : Architecture
{
    public override string Name => name;

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms) { OutputNorm = "token_embd_norm", IsNotRun = IsOfRetriever };
        int[] kvHeads = keys.PerLayer("attention.head_count_kv");
        int taps = keys.Positive("shortconv.l_cache");
        keys.RequireWidth("shortconv.l_cache", keys.Hidden, taps);
        int window = hasExperts ? 0 : keys.NotNegative("attention.sliding_window", 0);
        AttentionSpec Attention(int layer) => keys.Attention(RopePairing.Neox, layer) with
        {
            Norm = QueryKeyNorm.Heads,
            NormEpsilon = keys.RmsEpsilon,
            Window = window,
        };
        ExpertSpec? experts = hasExperts ? keys.RequiredExperts() with { Gating = keys.Gating(fallback: null) } : null;
        int dense = hasExperts ? keys.NotNegative("leading_dense_block_count", 0) : keys.LayerCount;
        return decoder.Build((index, layer) => decoder.PreNorm(
            layer,
            kvHeads[index] == 0
                ? new ShortConvolution(layer, decoder.Hidden, taps)
                : new Attention(layer, decoder.Hidden, Attention(index)),
            keys.DenseOrExperts(layer, Activation.Silu, index < dense ? null : experts, order: BiasOrder.NoScale)));
    }

    /// <summary>The matrix with which ColBERT variants make their output.</summary>
    private static bool IsOfRetriever(string tensor) => tensor.StartsWith("dense_2.", StringComparison.Ordinal);
}

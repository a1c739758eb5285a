using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>LFM2: most layers mix by a short convolution, the others by attention; these are the ones with KV heads.</summary>
internal sealed class Lfm2 : Architecture
{
    public override string Name => "lfm2";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms) { OutputNorm = "token_embd_norm", IsNotRun = IsOfRetriever };
        int[] kvHeads = keys.PerLayer("attention.head_count_kv");
        int taps = keys.Positive("shortconv.l_cache");
        keys.RequireWidth("shortconv.l_cache", keys.Hidden, taps);
        int window = keys.NotNegative("attention.sliding_window", 0);
        AttentionSpec Attention(int layer) => keys.Attention(RopePairing.Neox, layer) with
        {
            Norm = QueryKeyNorm.Heads,
            NormEpsilon = keys.RmsEpsilon,
            Window = window,
        };
        int width = keys.Positive("feed_forward_length");
        return decoder.Build((index, layer) => decoder.PreNorm(
            layer,
            kvHeads[index] == 0
                ? new ShortConvolution(layer, decoder.Hidden, taps)
                : new Attention(layer, decoder.Hidden, Attention(index)),
            new FeedForward(layer, decoder.Hidden, width, Activation.Silu) { BiasOrder = BiasOrder.NoScale }));
    }

    /// <summary>The matrix with which ColBERT variants make their output.</summary>
    private static bool IsOfRetriever(string tensor) => tensor.StartsWith("dense_2.", StringComparison.Ordinal);
}

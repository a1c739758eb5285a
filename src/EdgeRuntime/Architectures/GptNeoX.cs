using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>GPT-NeoX and Pythia: attention and feed-forward side by side or one after the other, each with a norm of its own.</summary>
internal sealed class GptNeoX : Architecture
{
    public override string Name => "gptneox";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Layer) { OutputFallback = null };
        AttentionSpec spec = keys.Attention(RopePairing.Neox);
        int width = keys.Positive("feed_forward_length");
        bool isParallel = keys.Flag("use_parallel_residual", true);
        return decoder.Build((_, layer) =>
        {
            var attention = new Attention(layer, decoder.Hidden, spec);
            var feedForward = new FeedForward(layer, decoder.Hidden, width, Activation.Gelu, gated: false)
            {
                BiasOrder = BiasOrder.NoScale,
            };
            return isParallel
                ? [new ParallelResidual(decoder.Norm($"{layer}.attn_norm"), attention, decoder.Norm($"{layer}.ffn_norm"), feedForward)]
                : decoder.PreNorm(layer, attention, feedForward);
        });
    }
}

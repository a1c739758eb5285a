using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>Command R: attention and feed-forward read the same norm side by side; norms of queries and keys are not supported.</summary>
internal sealed class CommandR : Architecture
{
    public override string Name => "command-r";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Layer) { Output = "token_embd", LogitScale = keys.Factor("logit_scale") };
        AttentionSpec attention = keys.Attention(RopePairing.Norm);
        int width = keys.Positive("feed_forward_length");
        return decoder.Build((_, layer) => decoder.Parallel(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            new FeedForward(layer, decoder.Hidden, width, Activation.Silu) { BiasOrder = BiasOrder.NoScale }));
    }
}

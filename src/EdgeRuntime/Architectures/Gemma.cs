using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>Gemma 1: llama's layers with GELU gates and a scaled embedding, which is also the output matrix.</summary>
internal sealed class Gemma : Architecture
{
    public override string Name => "gemma";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms)
        {
            Embedding = new Embedding("token_embd", keys.Hidden) { Scale = MathF.Sqrt(keys.Hidden) },
            Output = "token_embd",
        };
        AttentionSpec attention = keys.Attention(RopePairing.Neox);
        int width = keys.Positive("feed_forward_length");
        return decoder.Build((_, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            new FeedForward(layer, decoder.Hidden, width, Activation.Gelu) { BiasOrder = BiasOrder.NoScale }));
    }
}

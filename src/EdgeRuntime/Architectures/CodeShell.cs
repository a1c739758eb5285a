using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>CodeShell: layer norms, no gate. The output matrix is the embedding if the file has no other.</summary>
internal sealed class CodeShell : Architecture
{
    public override string Name => "codeshell";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Layer)
        {
            Embedding = new Embedding(keys.Source.Has("token_embd.weight") ? "token_embd" : "output", keys.Hidden),
            OutputFallback = null,
        };
        AttentionSpec attention = keys.Attention(RopePairing.Neox);
        keys.RequireWholeRope(attention);
        int width = keys.Positive("feed_forward_length");
        return decoder.Build((_, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            new FeedForward(layer, decoder.Hidden, width, Activation.Gelu, gated: false) { BiasOrder = BiasOrder.NoScale }));
    }
}

using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;

namespace EdgeRuntime.Architectures;

/// <summary>Llama 1 to 3.x, Mixtral, SmolLM 1 and 2, Mistral, TinyLlama and whatever else is saved as <c>llama</c>.</summary>
internal sealed class Llama : Architecture
{
    public override string Name => "llama";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms);
        AttentionSpec attention = keys.Attention(RopePairing.Norm);
        keys.RequireWholeRope(attention);
        ExpertSpec? experts = keys.Experts("feed_forward_length");
        return decoder.Build((_, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            keys.DenseOrExperts(layer, Activation.Silu, experts)));
    }
}

using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>Arctic: llama's layers with a dense feed-forward, and experts beside the whole layer that read its input.</summary>
internal sealed class Arctic : Architecture
{
    public override string Name => "arctic";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms);
        AttentionSpec attention = keys.Attention(RopePairing.Norm);
        keys.RequireWholeRope(attention);
        ExpertSpec experts = keys.RequiredExperts("feed_forward_length");
        return decoder.Build((_, layer) =>
        [
            new SideBranch(
                decoder.Norm($"{layer}.ffn_norm_exps"),
                new Experts(layer, decoder.Hidden, experts, Activation.Silu),
                decoder.PreNorm(
                    layer,
                    new Attention(layer, decoder.Hidden, attention),
                    new FeedForward(layer, decoder.Hidden, decoder.Hidden, Activation.Silu) { BiasOrder = BiasOrder.NoScale })),
        ]);
    }
}

using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>Jais 1: layer norms, gates, ALiBi instead of a rope, and scores that are divided by the head length.</summary>
internal sealed class Jais : Architecture
{
    public override string Name => "jais";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Layer) { OutputFallback = null };
        AttentionSpec attention = keys.Attention().WithAlibi(keys.NotNegativeSingle("attention.max_alibi_bias", 0));
        attention = attention with { Scale = 1f / attention.KeyLength };
        int width = keys.Positive("feed_forward_length");
        return decoder.Build((_, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            new FeedForward(layer, decoder.Hidden, width, Activation.Silu) { BiasOrder = BiasOrder.NoScale }));
    }
}

using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>GPT-2 and StarCoder 1: layer norms, learned positions, no rope, no gate.</summary>
/// <param name="name">The name of the family.</param>
internal sealed class Gpt2(string name) : Architecture
{
    public override string Name => name;

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Layer)
        {
            Embedding = new Embedding("token_embd", keys.Hidden) { Positions = "position_embd", PositionCount = keys.ContextLength },
        };
        AttentionSpec attention = keys.Attention();
        int width = keys.Positive("feed_forward_length");
        return decoder.Build((_, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            new FeedForward(layer, decoder.Hidden, width, Activation.Gelu, gated: false) { BiasOrder = BiasOrder.NoScale }));
    }
}

using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>Qwen 2 and 2.5, dense, and InternLM 2: llama's layers without experts, with biases where the file has them.</summary>
/// <param name="name">The name of the family.</param>
/// <param name="pairing">The elements that the rope rotates together.</param>
internal sealed class Qwen2(string name, RopePairing pairing) : Architecture
{
    public override string Name => name;

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms);
        AttentionSpec attention = keys.Attention(pairing);
        keys.RequireWholeRope(attention);
        int width = keys.Positive("feed_forward_length");
        return decoder.Build((_, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            new FeedForward(layer, decoder.Hidden, width, Activation.Silu) { BiasOrder = BiasOrder.NoScale }));
    }
}

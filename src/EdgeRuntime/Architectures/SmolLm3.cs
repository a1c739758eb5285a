using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>SmolLM 3: llama's layers, every fourth of them without positions.</summary>
internal sealed class SmolLm3 : Architecture
{
    private const int RopePeriod = 4;

    public override string Name => "smollm3";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms);
        AttentionSpec rotated = keys.Attention(RopePairing.Norm);
        keys.RequireWholeRope(rotated);
        AttentionSpec plain = rotated with { Rope = null };
        int width = keys.Positive("feed_forward_length");
        return decoder.Build((index, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, (index + 1) % RopePeriod == 0 ? plain : rotated),
            new FeedForward(layer, decoder.Hidden, width, Activation.Silu) { BiasOrder = BiasOrder.NoScale }));
    }
}

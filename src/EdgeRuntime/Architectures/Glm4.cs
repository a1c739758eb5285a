using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>GLM 4 (0414) and GLM-OCR, text: norms before and after each branch, and a rope that turns a part of each head.</summary>
internal sealed class Glm4 : Architecture
{
    public override string Name => "glm4";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms) { IsNotRun = keys.IsOfPredictingLayer };
        bool hasSections = RopeKeys.HasSections(keys);
        AttentionSpec attention = keys.Attention(hasSections ? RopePairing.Neox : RopePairing.Norm);
        attention = hasSections ? attention with { Rope = RopeKeys.ForText(keys, attention.Rope!, interleaved: false) } : attention;

        int width = keys.Positive("feed_forward_length");
        return decoder.Build((_, layer) => decoder.Sandwich(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            new FeedForward(layer, decoder.Hidden, width, Activation.Silu) { HasFusedGate = true, BiasOrder = BiasOrder.NoScale }));
    }
}

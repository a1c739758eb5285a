using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;

namespace EdgeRuntime.Architectures;

/// <summary>Command R7B (Cohere 2): Command R's layers, three of four with a window; the others have no rope.</summary>
internal sealed class Cohere2 : Architecture
{
    public override string Name => "cohere2";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Layer) { Output = "token_embd", LogitScale = keys.Factor("logit_scale") };
        AttentionSpec windowed = keys.Attention(RopePairing.Norm) with { Window = keys.Positive("attention.sliding_window") };
        AttentionSpec full = windowed with { Window = 0, Rope = null };
        bool[] hasWindow = keys.WindowLayers(period: 4);
        int width = keys.Positive("feed_forward_length");
        return decoder.Build((index, layer) => decoder.Parallel(
            layer,
            new Attention(layer, decoder.Hidden, hasWindow[index] ? windowed : full),
            new FeedForward(layer, decoder.Hidden, width, Activation.Silu)));
    }
}

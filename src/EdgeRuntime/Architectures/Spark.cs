using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>Spark 2.5: windows and head counts by layer, and a gate for each head of the attention's result.</summary>
internal sealed class Spark : Architecture
{
    public override string Name => "spark2_5";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms);
        int window = keys.Positive("attention.sliding_window");
        bool[] hasWindow = keys.WindowLayers(period: null);
        AttentionSpec Attention(int layer)
        {
            AttentionSpec full = keys.Attention(RopePairing.Neox, layer) with { Gate = OutputGateKind.Sigmoid };
            return !hasWindow[layer] ? full : full with
            {
                Window = window,
                Rope = full.Rope! with { Base = keys.PositiveSingle("rope.freq_base_swa", full.Rope.Base) },
            };
        }

        int width = keys.Positive("feed_forward_length");
        return decoder.Build((index, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, Attention(index)),
            new FeedForward(layer, decoder.Hidden, width, Activation.Gelu) { BiasOrder = BiasOrder.NoScale }));
    }
}

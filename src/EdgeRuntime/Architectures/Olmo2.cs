using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>OLMo 2 and 3: norms after each branch only; OLMo 3 has a window, with an unscaled rope, in three of four layers.</summary>
internal sealed class Olmo2 : Architecture
{
    public override string Name => "olmo2";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms) { OutputFallback = null };
        AttentionSpec full = keys.Attention(RopePairing.Neox) with { Norm = QueryKeyNorm.Whole, NormEpsilon = keys.RmsEpsilon };
        keys.RequireWholeRope(full);
        AttentionSpec windowed = full with
        {
            Window = keys.NotNegative("attention.sliding_window", 0),
            Rope = full.Rope! with { FrequencyScale = 1, ExtrapolationFactor = 0, Magnitude = 1 },
        };
        bool[] hasWindow = windowed.Window == 0 ? new bool[keys.LayerCount] : keys.WindowLayers(period: 4);
        int width = keys.Positive("feed_forward_length");
        return decoder.Build((index, layer) => decoder.PostNorm(
            layer,
            new Attention(layer, decoder.Hidden, hasWindow[index] ? windowed : full),
            new FeedForward(layer, decoder.Hidden, width, Activation.Silu) { BiasOrder = BiasOrder.NoScale }));
    }
}

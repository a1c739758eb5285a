using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>EXAONE 4: norms after each branch only; in the 32B model three of four layers have a window, and the others no rope.</summary>
internal sealed class Exaone4 : Architecture
{
    private const int LayersOf32B = 64;

    public override string Name => "exaone4";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms) { IsNotRun = keys.IsOfPredictingLayer };
        AttentionSpec full = keys.Attention(RopePairing.Neox) with { Norm = QueryKeyNorm.Heads, NormEpsilon = keys.RmsEpsilon };
        keys.RequireWholeRope(full);
        AttentionSpec windowed = full;
        bool[] hasWindow = new bool[keys.LayerCount];
        if (keys.LayerCount == LayersOf32B)
        {
            windowed = full with { Window = keys.Positive("attention.sliding_window", 4096) };
            full = full with { Rope = null };
            hasWindow = keys.WindowLayers(period: 4);
        }

        int width = keys.Positive("feed_forward_length");
        return decoder.Build((index, layer) => decoder.PostNorm(
            layer,
            new Attention(layer, decoder.Hidden, hasWindow[index] ? windowed : full),
            new FeedForward(layer, decoder.Hidden, width, Activation.Silu) { BiasOrder = BiasOrder.NoScale }));
    }
}

using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>Mellum 2: Qwen 3's layers with experts; three of four may have a window, with an unscaled rope.</summary>
internal sealed class Mellum : Architecture
{
    public override string Name => "mellum";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms);
        AttentionSpec full = keys.Attention(RopePairing.Neox) with { Norm = QueryKeyNorm.Heads, NormEpsilon = keys.RmsEpsilon };
        keys.RequireWholeRope(full);
        AttentionSpec windowed = full with
        {
            Window = keys.NotNegative("attention.sliding_window", 0),
            Rope = full.Rope! with { FrequencyScale = 1, ExtrapolationFactor = 0, Magnitude = 1 },
        };
        bool[] hasWindow = windowed.Window == 0 ? new bool[keys.LayerCount] : keys.WindowLayers(period: 4);
        ExpertSpec experts = keys.RequiredExpertsOrShares() with { BiasOrder = BiasOrder.AfterScale };
        return decoder.Build((index, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, hasWindow[index] ? windowed : full),
            new Experts(layer, decoder.Hidden, experts, Activation.Silu)));
    }
}

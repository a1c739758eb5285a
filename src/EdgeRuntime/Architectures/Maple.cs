using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;

namespace EdgeRuntime.Architectures;

/// <summary>Maple: experts whose gates have limits by layer; layers have a window and a rope, or neither, by the file's pattern.</summary>
internal sealed class Maple : Architecture
{
    public override string Name => "maple";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms);
        AttentionSpec windowed = keys.Attention(RopePairing.Neox) with
        {
            Norm = QueryKeyNorm.Heads,
            NormEpsilon = keys.RmsEpsilon,
            Window = keys.Positive("attention.sliding_window"),
        };
        AttentionSpec full = windowed with { Window = 0, Rope = null };
        windowed = windowed with
        {
            Rope = windowed.Rope! with { Base = keys.PositiveSingle("rope.freq_base_swa", windowed.Rope.Base) },
        };
        bool[] hasWindow = keys.WindowLayers(period: null);
        GateLimit[] limits = keys.GateLimits("swiglu_clamp_exp", GateLimitKind.Gate);
        ExpertSpec experts = keys.RequiredExperts() with { Scale = 1 };
        return decoder.Build((index, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, hasWindow[index] ? windowed : full),
            new Experts(layer, decoder.Hidden, experts with { Limit = limits[index] }, Activation.Silu)));
    }
}

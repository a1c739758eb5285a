using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;

namespace EdgeRuntime.Architectures;

/// <summary>
/// SmallThinker: the router reads the input of the layer, experts have a ReLU gate, and one of four layers has neither window nor rope.
/// </summary>
internal sealed class SmallThinker : Architecture
{
    // The width of windows is a constant of llama.cpp, whatever the file's number.
    private const int Window = 4096;
    private const int RopePeriod = 4;

    public override string Name => "smallthinker";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms);
        AttentionSpec full = keys.Attention(RopePairing.Neox);
        keys.RequireWholeRope(full);
        bool hasWindows = keys.NotNegative("attention.sliding_window", 0) > 0;
        AttentionSpec windowed = full with
        {
            Window = Window,
            Rope = full.Rope! with { Base = keys.PositiveSingle("rope.freq_base_swa", full.Rope.Base) },
        };
        bool[] hasWindow = hasWindows ? keys.WindowLayers(period: 4, fullFirst: true) : new bool[keys.LayerCount];
        ExpertSpec experts = keys.RequiredExpertsOrShares() with { Gating = keys.Gating(fallback: null) };
        return decoder.Build((index, layer) =>
        {
            AttentionSpec attention = hasWindow[index] ? windowed : full;
            attention = hasWindows && keys.LayerCount != RopePeriod && index % RopePeriod == 0 ? attention with { Rope = null } : attention;
            return
            [
                new EarlyRouter(
                    new Residual(decoder.Norm($"{layer}.attn_norm"), new Attention(layer, decoder.Hidden, attention)),
                    decoder.Norm($"{layer}.ffn_norm"),
                    new Experts(layer, decoder.Hidden, experts, Activation.Relu) { HasEarlyScores = true }),
            ];
        });
    }
}

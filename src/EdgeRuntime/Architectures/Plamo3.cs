using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// PLaMo 3: norms around each branch, norms of queries and keys, and a window with a rope base of its own in seven of eight layers.
/// </summary>
internal sealed class Plamo3 : Architecture
{
    public override string Name => "plamo3";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms);
        AttentionSpec full = keys.Attention(RopePairing.Neox) with
        {
            Norm = QueryKeyNorm.Heads,
            NormEpsilon = keys.RmsEpsilon,
            InputBiasOrder = BiasOrder.NoScale,
        };
        AttentionSpec windowed = full with
        {
            Window = keys.NotNegative("attention.sliding_window", 0),
            Rope = full.Rope! with { Base = keys.PositiveSingle("rope.freq_base_swa", 10000), FrequencyScale = 1 },
        };
        bool[] hasWindow = windowed.Window == 0 ? new bool[keys.LayerCount] : keys.WindowLayers(period: 8);
        int[] widths = keys.PerLayer("feed_forward_length");
        return decoder.Build((index, layer) =>
        [
            new Residual(
                decoder.Norm($"{layer}.attn_norm"), new Attention(layer, decoder.Hidden, hasWindow[index] ? windowed : full),
                After($"{layer}.post_attention_norm")),
            new Residual(
                decoder.Norm($"{layer}.ffn_norm"),
                new FeedForward(layer, decoder.Hidden, widths[index], Activation.Silu)
                {
                    HasFusedGate = true,
                    BiasOrder = BiasOrder.NoScale,
                },
                After($"{layer}.post_ffw_norm")),
        ]);

        Norm After(string name) => new(name, NormKind.Rms, keys.RmsEpsilon, decoder.Hidden) { Suffix = "" };
    }
}

using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// Muse Glimmer: norms around each branch, gates of the attention's result, and a window with a rope in three of four layers.
/// </summary>
internal sealed class MuseGlimmer : Architecture
{
    private const float AfterEpsilon = 1e-8f;

    public override string Name => "muse-glimmer";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        int hidden = keys.Hidden;
        var decoder = new Decoder(keys, NormKind.Rms)
        {
            Embedding = new Embedding("token_embd", hidden) { Norm = new Norm(null, NormKind.Rms, keys.RmsEpsilon, hidden) },
            LogitScale = keys.PositiveSingle("logit_scale"),
            LogitCap = keys.NotNegativeSingle("final_logit_softcapping", 30),
        };
        AttentionSpec rotated = keys.Attention(RopePairing.Norm) with
        {
            Norm = QueryKeyNorm.Heads,
            NormEpsilon = keys.RmsEpsilon,
            Gate = OutputGateKind.Sigmoid,
            Window = keys.Positive("attention.sliding_window"),
        };
        AttentionSpec plain = rotated with { Rope = null, Window = 0 };
        rotated = rotated with
        {
            Rope = rotated.Rope! with { Base = keys.PositiveSingle("rope.freq_base_swa", rotated.Rope.Base), FrequencyScale = 1 },
        };
        bool[] hasWindow = keys.WindowLayers(period: 4);
        int width = keys.Positive("feed_forward_length");
        return decoder.Build((index, layer) =>
        [
            new Residual(
                decoder.Norm($"{layer}.attn_norm"), new Attention(layer, hidden, hasWindow[index] ? rotated : plain),
                new Norm($"{layer}.post_attention_norm", NormKind.Rms, AfterEpsilon, hidden)),
            new Residual(
                decoder.Norm($"{layer}.ffn_norm"),
                new FeedForward(layer, hidden, width, Activation.Silu) { BiasOrder = BiasOrder.NoScale },
                new Norm($"{layer}.post_ffw_norm", NormKind.Rms, AfterEpsilon, hidden)),
        ]);
    }
}

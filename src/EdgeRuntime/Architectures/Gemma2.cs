using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>Gemma 2: norms before and after each branch, capped scores and logits, a window in every other layer.</summary>
internal sealed class Gemma2 : Architecture
{
    private const int LayersOf27B = 46;

    public override string Name => "gemma2";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms)
        {
            Embedding = new Embedding("token_embd", keys.Hidden) { Scale = MathF.Sqrt(keys.Hidden) },
            Output = "token_embd",
            LogitCap = keys.PositiveSingle("final_logit_softcapping", 30),
        };
        AttentionSpec full = keys.Attention(RopePairing.Neox) with { ScoreCap = keys.PositiveSingle("attn_logit_softcapping", 50) };
        full = keys.LayerCount == LayersOf27B ? full with { Scale = 1 / MathF.Sqrt(decoder.Hidden / full.Heads) } : full;
        AttentionSpec windowed = full with
        {
            Window = keys.Positive("attention.sliding_window", 4096),
            Rope = full.Rope! with { Base = keys.PositiveSingle("rope.freq_base_swa", full.Rope.Base) },
        };
        bool[] hasWindow = keys.WindowLayers(period: 2);
        int width = keys.Positive("feed_forward_length");
        return decoder.Build((index, layer) => decoder.Sandwich(
            layer,
            new Attention(layer, decoder.Hidden, hasWindow[index] ? windowed : full),
            new FeedForward(layer, decoder.Hidden, width, Activation.Gelu) { BiasOrder = BiasOrder.NoScale }));
    }
}

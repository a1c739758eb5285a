using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;

namespace EdgeRuntime.Architectures;

/// <summary>
/// ModernBERT: an encoder with norms before each branch, rotations, and feed-forwards with a gate. Two of three layers see a window around
/// each position, with a rope base of their own.
/// </summary>
internal sealed class ModernBert : Architecture
{
    public override string Name => "modern-bert";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        float epsilon = keys.LayerNormEpsilon;
        var encoder = new Decoder(keys, NormKind.Layer)
        {
            Embedding = new Embedding("token_embd", keys.Hidden)
            {
                Norm = new Norm("token_embd_norm", NormKind.Layer, epsilon, keys.Hidden),
            },
            HasLogits = false,
            TextHeads = TextHeadKeys.WithRanking(keys, EmbeddingPooling.Mean, TextHeadActivation.Gelu, normEpsilon: epsilon),
        };
        AttentionSpec full = keys.Attention(RopePairing.Neox).ForEncoder();
        AttentionSpec windowed = full with
        {
            Rope = full.Rope! with { Base = keys.PositiveSingle("rope.freq_base_swa", 10000), FrequencyScale = 1 },
        };
        int window = keys.NotNegative("attention.sliding_window", 0);
        windowed = windowed.WithSymmetricWindow(window);
        bool[] hasWindow = window == 0 ? new bool[keys.LayerCount] : keys.WindowLayers(period: 3, fullFirst: true);
        Activation activation = ReadActivation(keys);
        int width = keys.Positive("feed_forward_length");
        return encoder.Build((index, layer) =>
        [
            new Residual(
                index == 0 && !keys.Source.Has($"{layer}.attn_norm.weight") ? null : encoder.Norm($"{layer}.attn_norm"),
                new Attention(layer, encoder.Hidden, hasWindow[index] ? windowed : full)),
            new Residual(
                encoder.Norm($"{layer}.ffn_norm"), new FeedForward(layer, encoder.Hidden, width, activation) { HasFusedGate = true }),
        ]);
    }

    private static Activation ReadActivation(ArchitectureKeys keys)
    {
        string name = keys.Text("hidden_activation", "gelu");
        return name switch
        {
            "gelu" or "geglu" => Activation.Gelu,
            "silu" or "swish" or "swiglu" => Activation.Silu,
            "reglu" => Activation.Relu,
            _ => throw new UnsupportedModelException(
                $"{keys.Source.Path}: the activation '{Printable.Shorten(name)}' is not supported for architecture 'modern-bert'; "
                + "supported: gelu, geglu, silu, swish, swiglu, reglu"),
        };
    }
}

using System;
using System.Linq;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// Gemma 3n, text: Gemma 3's layers, of which the last ones read the keys and values of earlier ones, inside alternating updates of four
/// streams; a low-rank branch beside attention; sparse gates in the first layers; an input of its own for each layer.
/// </summary>
internal sealed class Gemma3N : Architecture
{
    private const int LayersWithKeys = 20;
    private const int SparseLayers = 10;
    private const float Cutoff = 1.6448533535003662f; // 95 % of a normal distribution are less

    public override string Name => "gemma3n";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        keys.RequireZero("altup.active_idx", "streams other than the first that are computed");
        int layers = keys.LayerCount;
        bool[] hasWindow = keys.WindowLayers(period: 5);
        var shared = new SharedKeys(keys, hasWindow, Math.Max(0, layers - LayersWithKeys));
        var decoder = new Decoder(keys, NormKind.Rms)
        {
            Embedding = new Embedding("token_embd", keys.Hidden) { Scale = MathF.Sqrt(keys.Hidden) },
            LogitCap = keys.NotNegativeSingle("final_logit_softcapping", 30),
            IsNotRun = shared.IsUnused,
        };
        int inputWidth = keys.Positive("embedding_length_per_layer_input", 256);
        keys.RequireWidth("embedding_length_per_layer_input", layers, inputWidth);
        var inputs = new LayerInputs(decoder.Hidden, inputWidth, layers, keys.Vocabulary, keys.RmsEpsilon);
        ResidualStreams streams = ReadStreams(keys);
        Attention[] attention = shared.CreateAttention(decoder.Hidden, ReadAttention(keys, hasWindow));
        int[] widths = keys.PerLayer("feed_forward_length");
        float?[] cutoffs = ReadCutoffs(keys);
        return decoder.Build((index, layer) =>
        [
            .. index == 0 ? new Stage[] { inputs, new StartOfAlternatingStreams(streams, "altup_proj") } : [],
            new AlternatingUpdate(
                streams,
                layer,
                decoder.Norm($"{layer}.altup_router_norm"),
                ReadLayer(decoder, layer, attention[index], widths[index], cutoffs[index]),
                new LayerInput(layer, decoder.Hidden, inputs, index),
                decoder.Norm($"{layer}.post_norm")),
            .. index == layers - 1 ? new Stage[] { new EndOfAlternatingStreams(streams, "altup_unembd_proj") } : [],
        ]);
    }

    private static Stage[] ReadLayer(Decoder decoder, string layer, Attention attention, int width, float? cutoff)
    {
        Norm norm = decoder.Norm($"{layer}.attn_norm");
        var lowRank = new LowRankBranch(layer, "laurel", decoder.Hidden, decoder.Norm($"{layer}.laurel_post_norm"));
        var feedForward = new FeedForward(layer, decoder.Hidden, width, Activation.Gelu)
        {
            BiasOrder = BiasOrder.NoScale,
            Cutoff = cutoff,
        };
        return
        [
            new SideBranch(norm, lowRank, [new Residual(norm, attention, decoder.Norm($"{layer}.post_attention_norm"))])
            {
                Scale = 1 / MathF.Sqrt(2),
            },
            new Residual(decoder.Norm($"{layer}.ffn_norm"), feedForward, decoder.Norm($"{layer}.post_ffw_norm")),
        ];
    }

    private static ResidualStreams ReadStreams(ArchitectureKeys keys)
    {
        int count = keys.Positive("altup.num_inputs", 4);
        keys.Require(count is >= 2 and <= 16, "altup.num_inputs", $"{count}", "2 to 16");
        return new ResidualStreams(count, keys.Hidden);
    }

    private static AttentionSpec[] ReadAttention(ArchitectureKeys keys, bool[] hasWindow)
    {
        AttentionSpec full = keys.Attention(RopePairing.Neox) with
        {
            Norm = QueryKeyNorm.Heads,
            NormEpsilon = keys.RmsEpsilon,
            NormsValues = true,
            Scale = 1,
        };
        full = full with { Rope = full.Rope! with { FrequencyFactors = null } };
        AttentionSpec windowed = full with
        {
            Window = keys.Positive("attention.sliding_window"),
            Rope = full.Rope! with { Base = keys.PositiveSingle("rope.freq_base_swa", 10000), FrequencyScale = 1 },
        };
        return [.. hasWindow.Select(has => has ? windowed : full)];
    }

    /// <summary>Reads the cutoffs of the layers' gates; negative infinity in a file stands for none.</summary>
    private static float?[] ReadCutoffs(ArchitectureKeys keys)
    {
        const string Key = "activation_sparsity_scale";
        int layers = keys.LayerCount;
        if (!keys.Has(Key))
        {
            return [.. Enumerable.Range(0, layers).Select(static layer => layer < SparseLayers ? Cutoff : default(float?))];
        }

        float[] cutoffs = keys.Singles(Key, layers);
        int bad = Array.FindIndex(cutoffs, static cutoff => float.IsNaN(cutoff) || float.IsPositiveInfinity(cutoff));
        keys.Require(bad < 0, Key, bad < 0 ? "" : $"{cutoffs[bad]} for layer {bad}", "a finite number, or negative infinity for none");
        return [.. cutoffs.Select(static cutoff => float.IsNegativeInfinity(cutoff) ? default(float?) : cutoff)];
    }
}

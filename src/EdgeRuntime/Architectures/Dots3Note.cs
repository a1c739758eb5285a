using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// Dots 3 Note: latent attention with a gate for each head. Layers with a window have sizes and a rope of their own; in the others each
/// position attends to the keys that an indexer chooses.
/// </summary>
internal sealed class Dots3Note : Architecture
{
    private const float IndexerEpsilon = 1e-6f;
    private const string WindowPattern = "attention.sliding_window_pattern";

    public override string Name => "dots3note";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        keys.Require(keys.Has(WindowPattern), WindowPattern, "missing", "an array with a number for each layer");
        bool[] windows = keys.WindowLayers(period: 0);
        var decoder = new Decoder(keys, NormKind.Rms)
        {
            IsNotRun = tensor => keys.IsOfPredictingLayer(tensor) || IsUnusedIndexer(tensor, windows),
        };
        var selection = new KeySelection(keys.Positive("attention.indexer.top_k"));
        int window = keys.Positive("attention.sliding_window");
        int dense = keys.NotNegative("leading_dense_block_count", 0);
        keys.Require(keys.Has("expert_gating_func"), "expert_gating_func", "missing", "1 (softmax) or 2 (sigmoid)");
        ExpertSpec? experts = DeepSeek2.ReadExperts(keys, ExpertGating.Sigmoid, BiasOrder.BeforeScale);
        return decoder.Build((index, layer) => decoder.PreNorm(
            layer,
            new LatentAttention(
                layer, decoder.Hidden, windows[index] ? ReadWindowed(keys, index, window) : ReadWhole(keys, index, selection)),
            keys.DenseOrExperts(layer, Activation.Silu, index < dense ? null : experts)));
    }

    /// <summary>Gets whether a tensor is of an indexer in a layer with a window.</summary>
    private static bool IsUnusedIndexer(string tensor, bool[] windows)
    {
        int layer = LayerNames.IndexOf(tensor);
        return layer >= 0 && layer < windows.Length && windows[layer] && tensor.Contains(".indexer.", StringComparison.Ordinal);
    }

    private static LatentAttentionSpec ReadWindowed(ArchitectureKeys keys, int layer, int window)
    {
        LatentAttentionSpec attention = Read(keys, layer, "_swa");
        return attention with
        {
            Window = window,
            Rope = attention.Rope with { Base = keys.PositiveSingle("rope.freq_base_swa") },
        };
    }

    private static LatentAttentionSpec ReadWhole(ArchitectureKeys keys, int layer, KeySelection selection)
    {
        LatentAttentionSpec attention = Read(keys, layer, "");
        return attention with
        {
            Selection = selection,
            Indexer = LatentKeys.Indexer(keys, attention, RopePairing.Neox, IndexerEpsilon),
        };
    }

    private static LatentAttentionSpec Read(ArchitectureKeys keys, int layer, string suffix)
    {
        LatentAttentionSpec attention = LatentKeys.Read(
            keys, $"attention.key_length_mla{suffix}", $"attention.value_length_mla{suffix}", RopePairing.Norm,
            $"attention.kv_lora_rank{suffix}", layer);
        return attention with
        {
            Scale = 1 / MathF.Sqrt(attention.QueryLength),
            NormsRotatedKey = true,
            Gate = OutputGateKind.Sigmoid,
        };
    }
}

using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// MiMo 2: heads and sinks by layer, layers with a window and a rope base of their own by the file's pattern, and experts in the layers
/// that have a router.
/// </summary>
internal sealed class MiMo2 : Architecture
{
    public override string Name => "mimo2";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms)
        {
            IsNotRun = tensor => keys.IsOfPredictingLayer(tensor) || keys.IsBesideExperts(tensor) || IsUnused(tensor),
        };
        int window = keys.Positive("attention.sliding_window");
        bool[] hasWindow = keys.WindowLayers(period: null);
        ExpertSpec experts = keys.RequiredExperts() with { Gating = ExpertGating.Sigmoid };
        return decoder.Build((index, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, ReadAttention(keys, index, hasWindow[index] ? window : 0)),
            keys.DenseOrExperts(layer, Activation.Silu, keys.HasRouter(layer) ? experts : null, order: BiasOrder.NoScale)));
    }

    /// <summary>Gets whether a tensor is a bias or a scale of queries, keys or values, which llama.cpp loads and does not use.</summary>
    private static bool IsUnused(string tensor)
    {
        string[] parts = [".attn_q.", ".attn_k.", ".attn_v.", ".attn_qkv."];
        return !tensor.EndsWith(".weight", StringComparison.Ordinal)
            && Array.Exists(parts, part => tensor.Contains(part, StringComparison.Ordinal));
    }

    private static AttentionSpec ReadAttention(ArchitectureKeys keys, int layer, int window)
    {
        AttentionSpec attention = keys.Attention(RopePairing.Neox, layer) with
        {
            MayHaveSinks = true,
            ResidualScale = keys.Factor("attention.value_scale"),
            Window = window,
        };
        return window == 0 ? attention : attention with
        {
            Rope = attention.Rope! with { Base = keys.PositiveSingle("rope.freq_base_swa", 10000), FrequencyScale = 1 },
        };
    }
}

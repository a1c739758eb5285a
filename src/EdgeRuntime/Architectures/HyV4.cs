using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// HunYuan V4: latent attention with sinks, gates and perhaps indexers, and experts, between several residual streams.
/// </summary>
internal sealed class HyV4 : Architecture
{
    private const int MostStreams = 64;

    public override string Name => "hy_v4";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms);
        LatentAttentionSpec attention = ReadAttention(keys, out KeyIndexerSpec? indexer);
        bool[] indexes = indexer is null ? new bool[keys.LayerCount] : LatentKeys.IndexingLayers(keys, static _ => false);
        int dense = keys.NotNegative("leading_dense_block_count", 0);
        keys.Require(keys.Has("expert_gating_func"), "expert_gating_func", "missing", "1 (softmax) or 2 (sigmoid)");
        keys.Require(dense >= keys.LayerCount || keys.NotNegative("expert_count", 0) > 0, "expert_count", "0", "1 or more");
        ExpertSpec? experts = DeepSeek2.ReadExperts(keys, ExpertGating.Sigmoid, BiasOrder.NoScale);
        GateLimit[] limits = keys.GateLimits("swiglu_clamp_exp", GateLimitKind.Gate);
        var connection = new HyperConnectionSpec(
            keys.RmsEpsilon, keys.PositiveSingle("hyper_connection.epsilon"), keys.PositiveSingle("hyper_connection.magnitude"));
        ResidualStreams streams = ReadStreams(keys);
        Stage[] Layer(int index, string layer) =>
        [
            new HyperConnection(
                streams, $"{layer}.hc_attn", connection, decoder.Norm($"{layer}.attn_norm"),
                new LatentAttention(layer, decoder.Hidden, attention with { Indexer = indexes[index] ? indexer : null })),
            new HyperConnection(
                streams, $"{layer}.hc_ffn", connection, decoder.Norm($"{layer}.ffn_norm"),
                keys.DenseOrExperts(
                    layer, Activation.Silu, index < dense ? null : experts! with { Limit = limits[index] }, order: BiasOrder.NoScale)),
        ];
        return decoder.Build((index, layer) =>
        [
            .. index == 0 ? [new StartOfStreams(streams)] : Array.Empty<Stage>(),
            .. Layer(index, layer),
            .. index == keys.LayerCount - 1 ? [new EndOfStreams(streams, "output_hc", connection)] : Array.Empty<Stage>(),
        ]);
    }

    private static LatentAttentionSpec ReadAttention(ArchitectureKeys keys, out KeyIndexerSpec? indexer)
    {
        LatentAttentionSpec attention = LatentKeys.Read(
            keys, "attention.key_length_mla", "attention.value_length_mla", RopePairing.Norm);
        attention = attention with
        {
            Scale = 1 / MathF.Sqrt(attention.QueryLength),
            Gate = OutputGateKind.Sigmoid,
            HasSinks = true,
            BiasOrder = BiasOrder.NoScale,
        };
        int chosen = keys.NotNegative("attention.indexer.top_k", 0);
        indexer = null;
        if (chosen == 0)
        {
            return attention;
        }

        indexer = LatentKeys.Indexer(keys, attention, RopePairing.Norm, keys.RmsEpsilon);
        indexer = indexer with { FirstRotated = indexer.KeyLength - attention.Rope.Dimensions };
        return attention with { Selection = new KeySelection(chosen) };
    }

    private static ResidualStreams ReadStreams(ArchitectureKeys keys)
    {
        int count = keys.Positive("hyper_connection.count");
        keys.Require(count <= MostStreams, "hyper_connection.count", $"{count}", $"at most {MostStreams}");
        keys.RequireWidth("hyper_connection.count", count, keys.Hidden);
        return new ResidualStreams(count, keys.Hidden);
    }
}

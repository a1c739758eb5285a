using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>DeepSeek V2 and V3, GigaChat 3, Kanana 2, GLM 4.7 Flash: latent attention, then experts behind a few dense layers.</summary>
internal sealed class DeepSeek2 : Architecture
{
    public override string Name => "deepseek2";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms) { IsNotRun = keys.IsOfPredictingLayer };
        LatentAttentionSpec attention = ReadAttention(keys);
        int dense = keys.NotNegative("leading_dense_block_count", 0);
        ExpertSpec? experts = ReadExperts(keys);
        return decoder.Build((index, layer) => decoder.PreNorm(
            layer,
            new LatentAttention(layer, decoder.Hidden, attention),
            keys.DenseOrExperts(layer, Activation.Silu, index < dense ? null : experts, order: BiasOrder.NoScale)));
    }

    private static LatentAttentionSpec ReadAttention(ArchitectureKeys keys)
    {
        int queryLength = keys.Positive("attention.key_length_mla");
        RopeSpec rope = RopeKeys.Read(keys, queryLength, RopePairing.Norm);
        keys.Require(
            rope.Dimensions < queryLength, "rope.dimension_count", $"{rope.Dimensions}",
            $"less than attention.key_length_mla, {queryLength}");
        int heads = keys.Positive("attention.head_count");
        int latent = keys.Positive("attention.kv_lora_rank");
        int valueLength = keys.Positive("attention.value_length_mla");
        keys.RequireHeadLength("attention.kv_lora_rank", latent + rope.Dimensions);
        keys.RequireWidth("attention.key_length_mla", heads, queryLength);
        keys.RequireWidth("attention.kv_lora_rank", heads, latent + rope.Dimensions);
        keys.RequireWidth("attention.value_length_mla", heads, valueLength);
        float magnitude = RopeKeys.LatentMagnitude(keys, rope);
        return new LatentAttentionSpec
        {
            Heads = heads,
            Latent = latent,
            QueryRank = keys.Source.Has("blk.0.attn_q.weight") ? 0 : keys.Positive("attention.q_lora_rank"),
            PlainLength = queryLength - rope.Dimensions,
            ValueLength = valueLength,
            Rope = rope,
            Scale = magnitude * magnitude / MathF.Sqrt(queryLength),
            NormEpsilon = keys.RmsEpsilon,
        };
    }

    private static ExpertSpec? ReadExperts(ArchitectureKeys keys)
    {
        if (keys.Experts("expert_feed_forward_length") is not { } experts)
        {
            return null;
        }

        int shared = keys.NotNegative("expert_shared_count", 0);
        keys.RequireWidth("expert_shared_count", experts.Width, shared);
        return experts with
        {
            Gating = keys.Gating(ExpertGating.Softmax),
            Normalizes = keys.Flag("expert_weights_norm", false),
            SharedWidth = experts.Width * shared,
            BiasOrder = BiasOrder.NoScale,
            SharedBiasOrder = BiasOrder.NoScale,
        };
    }
}

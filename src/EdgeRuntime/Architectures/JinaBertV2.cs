using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// Jina BERT 2: BERT whose scores fall with the distance, instead of positions; its code models normalize queries and keys.
/// </summary>
internal sealed class JinaBertV2() : Bert("jina-bert-v2", Activation.Gelu, hasGate: true, hasRope: false)
{
    private const float GreatestBias = 8;

    protected override bool HasLearnedPositions => false;

    protected override AttentionSpec CreateAttention(ArchitectureKeys keys)
    {
        return keys.Attention().WithAlibi(GreatestBias) with
        {
            Norm = keys.Source.Has("blk.0.attn_q_norm.weight") ? QueryKeyNorm.Whole : QueryKeyNorm.None,
            NormKind = NormKind.Layer,
            NormEpsilon = keys.LayerNormEpsilon,
        };
    }

    protected override Branch CreateFeedForward(ArchitectureKeys keys, int index, string layer)
    {
        int width = keys.Positive("feed_forward_length");
        bool hasGate = keys.Source.Has($"{layer}.ffn_gate.weight");
        bool isFused = !hasGate && keys.Source.MatrixWithAnyRows($"{layer}.ffn_up.weight", keys.Hidden).Rows == 2L * width;
        return new FeedForward(layer, keys.Hidden, width, Activation.Gelu, hasGate || isFused)
        {
            HasFusedGate = isFused,
            BiasOrder = BiasOrder.NoScale,
        };
    }

    protected override Norm? SecondNorm(ArchitectureKeys keys, Decoder encoder, string layer) =>
        keys.Source.Has($"{layer}.attn_norm_2.weight") ? encoder.Norm($"{layer}.attn_norm_2") : null;
}

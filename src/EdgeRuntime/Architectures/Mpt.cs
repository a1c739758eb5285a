using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>MPT: layer norms, no gate, and ALiBi or learned positions. Some files have norms of queries and keys, or scales.</summary>
internal sealed class Mpt : Architecture
{
    public override string Name => "mpt";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        bool hasPositions = keys.Source.Has("position_embd.weight");
        var decoder = new Decoder(keys, NormKind.Layer)
        {
            Embedding = new Embedding("token_embd", keys.Hidden)
            {
                Positions = hasPositions ? "position_embd" : null,
                PositionCount = keys.ContextLength,
            },

            // Keys are normalized only where queries are.
            IsNotRun = tensor => tensor.Contains(".attn_k_norm.", StringComparison.Ordinal)
                && !keys.Source.Has(tensor.Replace(".attn_k_norm.", ".attn_q_norm.", StringComparison.Ordinal)),
        };
        AttentionSpec attention = keys.Attention() with
        {
            Clamp = keys.NotNegativeSingle("attention.clamp_kqv", 0),
            NormKind = NormKind.Layer,
            NormEpsilon = keys.LayerNormEpsilon,
        };
        attention = attention.WithAlibi(keys.NotNegativeSingle("attention.max_alibi_bias", 0));
        int width = keys.Positive("feed_forward_length");
        return decoder.Build((_, layer) =>
        {
            QueryKeyNorm norm = keys.Source.Has($"{layer}.attn_q_norm.weight") ? QueryKeyNorm.Whole : QueryKeyNorm.None;
            return decoder.PreNorm(
                layer,
                new Attention(layer, decoder.Hidden, attention with { Norm = norm }),
                new FeedForward(layer, decoder.Hidden, width, Activation.Gelu, gated: false)
                {
                    BiasOrder = BiasOrder.NoScale,
                    Divisors = "ffn.act.scales",
                });
        });
    }
}

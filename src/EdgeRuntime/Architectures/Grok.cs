using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;

namespace EdgeRuntime.Architectures;

/// <summary>
/// Grok 1 and 2: norms before and after each branch, capped scores, and experts, with a dense feed-forward beside them in Grok 2.
/// </summary>
internal sealed class Grok : Architecture
{
    public override string Name => "grok";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms)
        {
            Embedding = new Embedding("token_embd", keys.Hidden) { Scale = keys.FiniteSingle("embedding_scale", 78.38367176906169f) },
            LogitScale = keys.FiniteSingle("logit_scale", 0.5773502691896257f),
            LogitCap = keys.NotNegativeSingle("final_logit_softcapping", 0),
        };
        AttentionSpec attention = keys.Attention(RopePairing.Neox) with
        {
            Scale = keys.FiniteSingle("attention.output_scale", 0.08838834764831845f),
            ScoreCap = keys.PositiveSingle("attn_logit_softcapping", 30),
        };
        keys.RequireWholeRope(attention);
        attention = attention with
        {
            Rope = attention.Rope! with { BetaFast = keys.PositiveSingle("rope.scaling.yarn_beta_fast", 8) },
        };
        int width = keys.Positive("feed_forward_length");
        ExpertSpec experts = keys.RequiredExperts(keys.NotNegative(ArchitectureKeys.ExpertWidth, 0) > 0
            ? ArchitectureKeys.ExpertWidth
            : "feed_forward_length") with
        { SharedSuffix = "" };
        return decoder.Build((_, layer) =>
        {
            bool hasDense = keys.Source.Has($"{layer}.ffn_up.weight");
            string lastNorm = keys.Source.Has($"{layer}.layer_output_norm.weight") ? "layer_output_norm" : "post_ffw_norm";
            return
            [
                new Residual(
                    decoder.Norm($"{layer}.attn_norm"), new Attention(layer, decoder.Hidden, attention),
                    decoder.Norm($"{layer}.attn_output_norm")),
                new Residual(
                    decoder.Norm($"{layer}.ffn_norm"),
                    new Experts(layer, decoder.Hidden, experts with { SharedWidth = hasDense ? width : 0 }, Activation.Gelu)
                    {
                        ResidualScale = hasDense ? MathF.Sqrt(0.5f) : 1,
                    },
                    decoder.Norm($"{layer}.{lastNorm}")),
            ];
        });
    }
}

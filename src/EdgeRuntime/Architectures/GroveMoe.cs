using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;

namespace EdgeRuntime.Architectures;

/// <summary>GroveMoE: Qwen 3's attention, and experts whose neighbours share a further small expert, which reads their result.</summary>
internal sealed class GroveMoe : Architecture
{
    public override string Name => "grovemoe";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms);
        AttentionSpec attention = keys.Attention(RopePairing.Neox) with { Norm = QueryKeyNorm.Heads, NormEpsilon = keys.RmsEpsilon };
        keys.RequireWholeRope(attention);
        ExpertSpec experts = keys.RequiredExpertsOrShares() with { ChoosesByScores = true };
        int group = keys.Positive("experts_per_group");
        keys.Require(experts.Count % group == 0, "experts_per_group", $"{group}", $"a divisor of expert_count, {experts.Count}");
        int width = keys.NotNegative("expert_chunk_feed_forward_length", 0);
        ExpertSpec chunks = experts with
        {
            Count = experts.Count / group,
            ScoresOfExpert = group,
            Suffix = "_chexps",
            Width = width == 0 ? attention.KeyLength : width,
        };
        keys.Require(
            chunks.Used <= chunks.Count, "experts_per_group", $"{group}",
            $"at most {experts.Count / experts.Used}, as a token uses {experts.Used} of the groups");
        float scale = keys.FiniteSingle("expert_group_scale", 1);
        return decoder.Build((_, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            new ChunkedExperts(
                layer,
                new Experts(layer, decoder.Hidden, experts, Activation.Silu),
                new Experts(layer, decoder.Hidden, chunks, Activation.Silu) { HasEarlyScores = true },
                scale)));
    }
}

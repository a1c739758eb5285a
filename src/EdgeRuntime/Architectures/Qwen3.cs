using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;

namespace EdgeRuntime.Architectures;

/// <summary>Qwen 3, dense: queries and keys are normalized head by head.</summary>
internal sealed class Qwen3 : Architecture
{
    public override string Name => "qwen3";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms)
        {
            TextHeads = TextHeadKeys.WithRanking(keys, EmbeddingPooling.Last, endsWithSoftmax: true),
        };
        AttentionSpec attention = keys.Attention(RopePairing.Neox) with { Norm = QueryKeyNorm.Heads, NormEpsilon = keys.RmsEpsilon };
        keys.RequireWholeRope(attention);
        int width = keys.Positive("feed_forward_length");
        return decoder.Build((_, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            new FeedForward(layer, decoder.Hidden, width, Activation.Silu)));
    }
}

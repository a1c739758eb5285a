using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// MiniMax M3: MiniMax M2's attention with norms of heads, and experts with limits behind a few dense layers. Indexers choose blocks of
/// keys for each query; files whose number of blocks covers the context, so that all keys are chosen, run.
/// </summary>
internal sealed class MiniMaxM3 : Architecture
{
    public override string Name => "minimax-m3";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms)
        {
            IsNotRun = static tensor => tensor.Contains(".indexer.", StringComparison.Ordinal),
        };
        RequireAllKeys(keys);
        AttentionSpec attention = keys.Attention(RopePairing.Neox) with { Norm = QueryKeyNorm.Heads, NormEpsilon = keys.RmsEpsilon };
        ExpertSpec experts = keys.Weighed(keys.RequiredExperts(), fallback: null);
        experts = experts with
        {
            SharedWidth = keys.SharedWidths(experts.Width),
            Limit = GateLimit.OpenAi,
            SharedLimit = GateLimit.OpenAi,
        };
        int dense = keys.NotNegative("leading_dense_block_count", 0);
        int width = keys.Positive("feed_forward_length");
        return decoder.Build((index, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            index < dense
                ? new FeedForward(layer, decoder.Hidden, width, Activation.Silu)
                {
                    Limit = GateLimit.OpenAi,
                    BiasOrder = BiasOrder.NoScale,
                }
                : new Experts(layer, decoder.Hidden, experts, Activation.Silu)));
    }

    private static void RequireAllKeys(ArchitectureKeys keys)
    {
        long blocks = keys.Positive("attention.indexer.top_k");
        long positions = blocks * keys.Positive("attention.indexer.block_size");
        if (positions < keys.ContextLength)
        {
            throw new UnsupportedModelException(
                $"{keys.Source.Path}: indexers that choose blocks of keys are not supported for architecture 'minimax-m3' "
                + $"(they choose {positions} of {keys.ContextLength} positions)");
        }
    }
}

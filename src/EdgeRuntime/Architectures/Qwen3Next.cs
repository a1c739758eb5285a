using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>Qwen 3 Next and Qwen 3.5: gated delta nets, and attention with output gates in every fourth layer.</summary>
/// <param name="name">The name of the variant.</param>
/// <param name="isNext">Whether the heads of delta nets have the order of Qwen 3 Next.</param>
internal sealed class Qwen3Next(string name, bool isNext = false) : Architecture
{
    public override string Name => name;

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms)
        {
            IsNotRun = tensor => keys.IsOfPredictingLayer(tensor) || (isNext && IsOfOldFiles(tensor)),
        };
        AttentionSpec attention = keys.Attention(RopePairing.Neox);
        keys.RequireValuesLikeKeys(attention);
        attention = attention with
        {
            Rope = isNext ? attention.Rope : RopeKeys.ForText(keys, attention.Rope! with { FrequencyFactors = null }, interleaved: true),
            Norm = QueryKeyNorm.Heads,
            NormEpsilon = keys.RmsEpsilon,
            Gate = OutputGateKind.SigmoidOfQuery,
        };
        DeltaRuleSpec delta = keys.DeltaRule() with
        {
            IsTiled = !isNext,
            HasPairedRates = isNext,
            BiasOrder = isNext ? BiasOrder.NoScale : BiasOrder.AfterScale,
        };
        bool[] recurrent = keys.RecurrentLayers(period: 4);
        ExpertSpec? experts = ReadExperts(keys);
        return decoder.Build((index, layer) =>
        [
            new Residual(
                decoder.Norm($"{layer}.attn_norm"),
                recurrent[index]
                    ? new GatedDeltaNet(layer, decoder.Hidden, delta)
                    : new Attention(layer, decoder.Hidden, attention)),
            new Residual(decoder.Norm($"{layer}.post_attention_norm"), keys.DenseOrExperts(layer, Activation.Silu, experts)),
        ]);
    }

    private static ExpertSpec? ReadExperts(ArchitectureKeys keys)
    {
        if (keys.Experts("expert_feed_forward_length") is not { } experts)
        {
            return null;
        }

        int shared = keys.NotNegative("expert_shared_feed_forward_length", 0);
        return experts with { SharedWidth = shared > 0 ? shared : keys.Positive("feed_forward_length") };
    }

    /// <summary>Queries, keys, values and gates in one matrix, beside the matrices that replace it.</summary>
    private static bool IsOfOldFiles(string tensor) => tensor.Contains(".ssm_in.", StringComparison.Ordinal);
}

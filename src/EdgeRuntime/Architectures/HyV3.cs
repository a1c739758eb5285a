using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>HunYuan 3: norms of queries and keys, and experts in the layers that have a router.</summary>
internal sealed class HyV3 : Architecture
{
    public override string Name => "hy_v3";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms)
        {
            IsNotRun = tensor => keys.IsOfPredictingLayer(tensor) || keys.IsBesideExperts(tensor),
        };
        AttentionSpec attention = keys.Attention(RopePairing.Neox) with { Norm = QueryKeyNorm.Heads, NormEpsilon = keys.RmsEpsilon };
        keys.RequireWholeRope(attention);
        ExpertSpec experts = keys.Weighed(keys.RequiredExpertsOrShares(), ExpertGating.Sigmoid);
        experts = experts with
        {
            SharedWidth = keys.SharedWidth(experts.Width),
            BiasOrder = BiasOrder.AfterScale,
            SharedBiasOrder = BiasOrder.BeforeScale,
        };
        return decoder.Build((_, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            keys.DenseOrExperts(layer, Activation.Silu, keys.HasRouter(layer) ? experts : null)));
    }
}

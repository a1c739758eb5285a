using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// DeepSeek 1, Ling 1 and 2, dots.llm1: llama's layers, with many small experts and shared ones behind a few dense layers.
/// </summary>
/// <param name="name">The name of the family.</param>
/// <param name="pairing">The elements that the rope rotates together.</param>
/// <param name="norm">The norms of queries and keys.</param>
/// <param name="gating">The gating where the file names none; null where it must name one.</param>
internal sealed class DeepSeek(string name, RopePairing pairing, QueryKeyNorm norm, ExpertGating? gating) : Architecture
{
    public override string Name => name;

    /// <summary>Gets whether the rope may rotate a part of each head.</summary>
    public bool MayRotatePart { get; init; }

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms) { IsNotRun = keys.IsOfPredictingLayer };
        AttentionSpec attention = keys.Attention(pairing) with { Norm = norm, NormEpsilon = keys.RmsEpsilon };
        if (!MayRotatePart)
        {
            keys.RequireWholeRope(attention);
        }

        ExpertSpec experts = keys.Weighed(keys.RequiredExperts(), gating);
        experts = experts with { SharedWidth = keys.SharedWidths(keys.SharedWidth(experts.Width)) };
        return decoder.Build((_, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            keys.DenseOrExperts(layer, Activation.Silu, keys.HasRouter(layer) ? experts : null, order: BiasOrder.NoScale)));
    }
}

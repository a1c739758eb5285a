using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// Diffusion language models: a decoder whose positions attend to all others. They fill masks in a text, which is computed as a whole.
/// llama.cpp keeps no keys for them either, so that each of its batches is a text of its own.
/// </summary>
/// <param name="name">The name of the family.</param>
/// <param name="pairing">The elements that the rope rotates together.</param>
/// <param name="norm">The norms of queries and keys.</param>
/// <param name="normalizes">Whether the weights of the chosen experts are divided by their sum.</param>
internal sealed class Diffusion(string name, RopePairing pairing, QueryKeyNorm norm = QueryKeyNorm.None, bool normalizes = true)
    : Architecture
{
    public override string Name => name;

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms) { IsNotRun = Decoder.IsUnusedBias };
        AttentionSpec attention = keys.Attention(pairing) with { Norm = norm, NormEpsilon = keys.RmsEpsilon, IsCausal = false };
        keys.RequireWholeRope(attention);

        // Files of LLaDA may have factors of frequencies; the family does not use them.
        attention = attention with { Rope = attention.Rope! with { FrequencyFactors = null } };
        ExpertSpec? experts = ReadExperts(keys);
        return decoder.Build((_, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            keys.DenseOrExperts(layer, Activation.Silu, experts, order: BiasOrder.NoScale)));
    }

    private ExpertSpec? ReadExperts(ArchitectureKeys keys) =>
        keys.NotNegative("expert_count", 0) == 0 ? null : keys.RequiredExpertsOrShares() with { Normalizes = normalizes };
}

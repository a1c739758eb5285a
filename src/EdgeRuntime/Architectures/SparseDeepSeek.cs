using System.Linq;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>DeepSeek V3.2 and GLM 5: as DeepSeek V3, but each position attends to the keys that an indexer chooses.</summary>
/// <param name="name">The value of <c>general.architecture</c>.</param>
/// <param name="indexPairing">The pairing of the rope of the indexer.</param>
/// <param name="gating">The gating of a file that does not name one.</param>
internal sealed class SparseDeepSeek(string name, RopePairing indexPairing, ExpertGating? gating = null) : Architecture
{
    private const float DeepSeekEpsilon = 1e-6f;

    // GLM 5.2 is the model with this context. Where its file does not name them, the first two layers and every fourth have an indexer.
    private const int SharingContextLength = 1048576;

    public override string Name => name;

    private bool IsGlm => gating is not null;

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms) { IsNotRun = keys.IsOfPredictingLayer };
        LatentAttentionSpec attention = LatentKeys.Read(keys, "attention.key_length_mla", "attention.value_length_mla", RopePairing.Norm);
        KeyIndexerSpec indexer = LatentKeys.Indexer(keys, attention, indexPairing, IsGlm ? 0 : DeepSeekEpsilon);
        attention = attention with { Selection = new KeySelection(keys.Positive("attention.indexer.top_k")) };
        bool[] indexes = IndexingLayers(keys);
        int dense = keys.NotNegative("leading_dense_block_count", 0);
        keys.Require(IsGlm || keys.Has("expert_gating_func"), "expert_gating_func", "missing", "1 (softmax) or 2 (sigmoid)");
        ExpertSpec? experts = DeepSeek2.ReadExperts(keys, gating ?? ExpertGating.Sigmoid, BiasOrder.BeforeScale);
        return decoder.Build((index, layer) => decoder.PreNorm(
            layer,
            new LatentAttention(layer, decoder.Hidden, attention with { Indexer = indexes[index] ? indexer : null }),
            keys.DenseOrExperts(layer, Activation.Silu, index < dense ? null : experts)));
    }

    /// <summary>Gets the layers with an indexer; the others attend to the keys of the last indexer before them.</summary>
    private bool[] IndexingLayers(ArchitectureKeys keys)
    {
        int layers = keys.LayerCount;
        if (!IsGlm)
        {
            return [.. Enumerable.Repeat(true, layers)];
        }

        bool shares = keys.ContextLength >= SharingContextLength;
        return LatentKeys.IndexingLayers(keys, layer => !shares || layer < 2 || layer % 4 == 2);
    }
}

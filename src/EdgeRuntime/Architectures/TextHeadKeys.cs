using System;
using EdgeRuntime.Modules;

namespace EdgeRuntime.Architectures;

/// <summary>Reads how a model makes embeddings and scores: its pooling and the heads that follow.</summary>
internal static class TextHeadKeys
{
    /// <summary>The heads of a family that has no tensors for them: the file's pooling alone.</summary>
    public static TextHeads Read(ArchitectureKeys keys) => new() { Pooling = Pooling(keys) };

    /// <summary>
    /// The heads of a reranker: <c>cls</c>, a function, <c>cls.norm</c> and <c>cls.output</c>, of which a file has what it needs.
    /// </summary>
    /// <param name="keys">The model's metadata.</param>
    /// <param name="pooling">The pooling before the head.</param>
    /// <param name="activation">The function after <c>cls</c>.</param>
    /// <param name="endsWithSoftmax">Whether the scores are probabilities.</param>
    /// <param name="normEpsilon">The epsilon of <c>cls.norm</c>; 0 for a family without it.</param>
    public static TextHeads WithRanking(
        ArchitectureKeys keys, EmbeddingPooling pooling, TextHeadActivation activation = TextHeadActivation.Tanh,
        bool endsWithSoftmax = false, float normEpsilon = 0)
    {
        TextHeadLayer first = new("cls", activation, normEpsilon > 0 ? "cls.norm" : null, normEpsilon);
        return new TextHeads
        {
            Pooling = Pooling(keys),
            RankingPooling = pooling,
            Ranking = new TextHead([first, new TextHeadLayer("cls.output")], keys.Hidden, endsWithSoftmax),
        };
    }

    /// <summary>The projections of Sentence Transformers, <c>dense_2</c> and <c>dense_3</c>, where the file has them.</summary>
    public static TextHeads WithProjection(ArchitectureKeys keys) => new()
    {
        Pooling = Pooling(keys),
        Projection = new TextHead([new TextHeadLayer("dense_2"), new TextHeadLayer("dense_3")], keys.Hidden),
    };

    private static EmbeddingPooling Pooling(ArchitectureKeys keys)
    {
        // A file that does not say has -1, some of them as an unsigned integer.
        float pooling = keys.FiniteSingle("pooling_type", -1);
        if (pooling is -1 or uint.MaxValue)
        {
            return EmbeddingPooling.None;
        }

        keys.Require(
            pooling is >= 0 and <= (float)EmbeddingPooling.Rank && pooling == (int)pooling,
            "pooling_type", FormattableString.Invariant($"{pooling}"), "0 (none), 1 (mean), 2 (cls), 3 (last) or 4 (rank)");
        return (EmbeddingPooling)(int)pooling;
    }
}

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using EdgeRuntime.Gguf;
using EdgeRuntime.Tests.Support;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tests.Embeddings;

/// <summary>Scores of documents, with a small model that has a head of random numbers.</summary>
public sealed class RerankTests : IDisposable
{
    private static readonly string[] s_documents = ["a dog", "a cat that sat on the mat", "the sun"];

    private readonly string _root = Directory.CreateTempSubdirectory("edgert-rerank-").FullName;
    private readonly LanguageModel _model;

    public RerankTests()
    {
        using GgufFile source = GgufFile.Open(TestModels.Stories);
        var random = new Random(1);
        float[] Values(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
        TensorCopy[] tensors =
        [
            .. source.Tensors.Select(TensorCopy.Of), TensorCopy.OfFloats("cls.weight", Values(64 * 64), 64, 64),
            TensorCopy.OfFloats("cls.bias", Values(64)), TensorCopy.OfFloats("cls.output.weight", Values(64 * 2), 64, 2),
        ];
        _model = LanguageModel.Load(ModelCopy.Write(
            Path.Combine(_root, "rank.gguf"), source, tensors, "llama-embed",
            new() { ["attention.causal"] = false, ["pooling_type"] = 4 }));
    }

    public void Dispose()
    {
        _model.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public void Rerank_ScoresEachPairAlone()
    {
        Assert.True(_model.CanRerank);
        IReadOnlyList<float> scores = _model.Rerank("a pet", s_documents);
        Assert.Equal(s_documents.Length, scores.Distinct().Count());
        for (int i = 0; i < s_documents.Length; i++)
        {
            Assert.Equal(scores[i], Assert.Single(_model.Rerank("a pet", [s_documents[i]])));
        }
    }

    [Fact]
    public void Rerank_IsTheFirstScoreOfTheQueryFollowedByTheDocument()
    {
        int[] pair = [.. _model.Tokenizer.Encode("a pet"), .. _model.Tokenizer.Encode(s_documents[0], addSpecial: false)];
        TextEmbedding labels = _model.Embed(pair);
        Assert.Equal(2, labels.Size);
        Assert.Equal(labels.Values.Span[0], _model.Rerank("a pet", s_documents)[0]);
    }

    [Fact]
    public async Task RerankAsync_GivesTheSame() => Assert.Equal(
        _model.Rerank("a pet", s_documents),
        await _model.RerankAsync("a pet", s_documents, cancellationToken: TestContext.Current.CancellationToken));

    [Fact]
    public void Rerank_WithAModelWithoutScores_SaysSo()
    {
        using var model = LanguageModel.Load(TestModels.Stories);
        Assert.False(model.CanRerank);
        UnsupportedModelException refused = Assert.Throws<UnsupportedModelException>(() => model.Rerank("a", s_documents));
        Assert.Contains("is no reranker", refused.Message, StringComparison.Ordinal);
        Assert.Throws<UnsupportedModelException>(() => model.Embed("a", new EmbeddingOptions { Pooling = EmbeddingPooling.Rank }));
    }

    [Fact]
    public void Rerank_OfATooLongDocument_IsRefusedUnlessItMayBeCut()
    {
        var options = new RerankOptions { ContextLength = 5 };
        Assert.Throws<ArgumentException>(() => _model.Rerank("a pet", s_documents, options));
        Assert.Equal(3, _model.Rerank("a pet", s_documents, options with { Truncate = true }).Count);
    }
}

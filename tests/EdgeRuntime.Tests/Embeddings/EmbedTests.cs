using System;
using System.Collections.Generic;
using System.Linq;
using System.Numerics.Tensors;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tests.Embeddings;

/// <summary>Embeddings of a decoder, which every model can make, and of a real encoder.</summary>
public sealed class EmbedTests : IDisposable
{
    private static readonly string[] s_texts = ["Once upon a time", "there was", "a little girl, and she had a dog. The dog was big", "."];
    private static readonly EmbeddingOptions s_mean = new() { Pooling = EmbeddingPooling.Mean };

    private readonly LanguageModel _model = LanguageModel.Load(TestModels.Stories, new ModelOptions { Threads = 2 });

    public void Dispose() => _model.Dispose();

    [Theory]
    [InlineData(EmbeddingPooling.Mean)]
    [InlineData(EmbeddingPooling.Cls)]
    [InlineData(EmbeddingPooling.Last)]
    [InlineData(EmbeddingPooling.None)]
    public void Embed_OfSeveralTexts_IsThatOfEachTextAlone(EmbeddingPooling pooling)
    {
        var options = new EmbeddingOptions { Pooling = pooling };
        IReadOnlyList<TextEmbedding> together = _model.Embed(s_texts, options);
        for (int i = 0; i < s_texts.Length; i++)
        {
            TextEmbedding alone = _model.Embed(s_texts[i], options with { BatchTokens = 3 });
            Assert.Equal(together[i].Values.ToArray(), alone.Values.ToArray());
            Assert.Equal(_model.EmbeddingSize, alone.Size);
            Assert.Equal(pooling == EmbeddingPooling.None ? alone.TokenCount : 1, alone.Rows);
        }
    }

    [Fact]
    public void Embed_WithEachPooling_PoolsTheVectorsOfTheTokens()
    {
        var options = new EmbeddingOptions { Pooling = EmbeddingPooling.None, Normalization = -1 };
        TextEmbedding tokens = _model.Embed(s_texts[0], options);
        float[] Row(int row) => tokens.Values.Slice(row * tokens.Size, tokens.Size).ToArray();
        float[] Pooled(EmbeddingPooling pooling) => _model.Embed(s_texts[0], options with { Pooling = pooling }).Values.ToArray();
        Assert.Equal(Row(0), Pooled(EmbeddingPooling.Cls));
        Assert.Equal(Row(tokens.Rows - 1), Pooled(EmbeddingPooling.Last));
        float[] mean = Pooled(EmbeddingPooling.Mean);
        Assert.All(
            Enumerable.Range(0, tokens.Size),
            i => Assert.Equal(Enumerable.Range(0, tokens.Rows).Average(row => Row(row)[i]), mean[i], 1e-5));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(1)]
    [InlineData(3)]
    public void Embed_WithANorm_HasLengthOne(int order)
    {
        float[] vector = _model.Embed(s_texts[2], s_mean with { Normalization = order }).Values.ToArray();
        Assert.Equal(1, vector.Sum(value => Math.Pow(Math.Abs(value), order)), 1e-5);
    }

    [Fact]
    public void Embed_ScaledToTheGreatestValue_HasIt() =>
        Assert.Equal(32760, _model.Embed("a", s_mean with { Normalization = 0 }).Values.ToArray().Max(Math.Abs), 1e-2);

    [Fact]
    public void Embed_OfTokenIds_IsThatOfTheText()
    {
        int[] ids = [.. _model.Tokenizer.Encode(s_texts[0])];
        float[] expected = _model.Embed(s_texts[0], s_mean).Values.ToArray();
        Assert.Equal(expected, _model.Embed(ids, s_mean).Values.ToArray());
        Assert.Equal(expected, _model.Embed([(ReadOnlyMemory<int>)ids], s_mean)[0].Values.ToArray());
    }

    [Fact]
    public void Embed_OfATextLongerThanTheContext_IsRefusedUnlessItMayBeCut()
    {
        var options = s_mean with { ContextLength = 6 };
        ArgumentException refused = Assert.Throws<ArgumentException>(() => _model.Embed(s_texts, options));
        Assert.StartsWith("text 2 has ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("more than the context of 6", refused.Message, StringComparison.Ordinal);
        TextEmbedding cut = _model.Embed(s_texts[2], options with { Truncate = true });
        Assert.True(cut.IsTruncated);
        Assert.Equal(6, cut.TokenCount);
        int[] ids = [.. _model.Tokenizer.Encode(s_texts[2]).Take(6)];
        Assert.Equal(_model.Embed(ids, s_mean).Values.ToArray(), cut.Values.ToArray());
    }

    [Fact]
    public void Embed_OfNothing_SaysSo()
    {
        Assert.Empty(_model.Embed(Array.Empty<string>()));
        Assert.Contains(
            "text 0 has no tokens", Assert.Throws<ArgumentException>(() => _model.Embed((int[])[])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EmbedAsync_GivesTheSameAndCanBeCancelled()
    {
        CancellationToken none = TestContext.Current.CancellationToken;
        TextEmbedding expected = _model.Embed(s_texts[0], s_mean, none);
        Assert.Equal(expected.Values.ToArray(), (await _model.EmbedAsync(s_texts[0], s_mean, none)).Values.ToArray());
        Assert.Equal(expected.Values.ToArray(), (await _model.EmbedAsync(s_texts, s_mean, none))[0].Values.ToArray());
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        Assert.Throws<OperationCanceledException>(() => _model.Embed(s_texts, s_mean, cancelled.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _model.EmbedAsync(s_texts, s_mean, cancelled.Token));
    }

    [Fact]
    public void Embed_OnADisposedModel_Throws()
    {
        _model.Dispose();
        Assert.Throws<ObjectDisposedException>(() => _model.Embed("a", s_mean));
    }

    [Fact]
    public void Options_OutOfRange_AreRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new EmbeddingOptions { Pooling = (EmbeddingPooling)9 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new EmbeddingOptions { Normalization = -2 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new RerankOptions { ContextLength = 0 });
    }

    [Fact]
    public void MiniLm_OnItsReferenceTexts_HasTheirIdsAndEmbeddings()
    {
        const double LeastCosine = 0.999;
        using var model = LanguageModel.Load(SharedData.Require("models/all-MiniLM-L6-v2-Q8_0.gguf"));
        using JsonDocument golden = JsonDocument.Parse(
            System.IO.File.ReadAllText(SharedData.Require("models/all-MiniLM-L6-v2.golden.json")));
        Assert.Equal(EmbeddingPooling.Mean, model.Pooling);
        foreach (JsonElement item in golden.RootElement.EnumerateArray())
        {
            string text = item.GetProperty("text").GetString()!;
            Assert.Equal(item.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()), model.Tokenizer.Encode(text));
            float[] expected = [.. item.GetProperty("embedding").EnumerateArray().Select(value => value.GetSingle())];
            float cosine = TensorPrimitives.CosineSimilarity(expected, model.Embed(text).Values.Span);
            Assert.True(cosine >= LeastCosine, $"cosine {cosine}: {text}");
        }

        Assert.False(model.HasLogits);
        UnsupportedModelException refused = Assert.Throws<UnsupportedModelException>(() => model.CreateSession());
        Assert.Contains("no logits", refused.Message, StringComparison.Ordinal);
    }
}

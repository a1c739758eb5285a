using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.TestSupport;
using Microsoft.Extensions.AI;
using Xunit;

namespace EdgeRuntime.Extensions.AI.Tests;

/// <summary>Embeddings through Microsoft.Extensions.AI.</summary>
public sealed class EmbeddingGeneratorTests : IDisposable
{
    private static readonly EmbeddingOptions s_mean = new() { Pooling = EmbeddingPooling.Mean };

    private static readonly Dictionary<string, EmbeddingGenerationOptions> s_refused = new()
    {
        ["ModelId is \"other\""] = new() { ModelId = "other" },
        ["Dimensions is 3"] = new() { Dimensions = 3 },
        ["\"task\""] = new() { AdditionalProperties = new() { ["task"] = "query" } },
        ["RawRepresentationFactory returned a String"] = new() { RawRepresentationFactory = _ => "raw" },
        ["pooling is None"] = new() { RawRepresentationFactory = _ => new EmbeddingOptions { Pooling = EmbeddingPooling.None } },
    };

    private readonly LanguageModel _model = LanguageModel.Load(TestModels.Stories);

    public static TheoryData<string> Refused => [.. s_refused.Keys];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task GenerateAsync_Texts_GivesTheVectorsOfTheModel()
    {
        using IEmbeddingGenerator<string, Embedding<float>> generator = _model.AsEmbeddingGenerator(s_mean, "stories");
        string[] texts = ["Once upon a time", "there was a cat"];
        GeneratedEmbeddings<Embedding<float>> embeddings = await generator.GenerateAsync(texts, new() { Dimensions = 64 }, Cancel);
        IReadOnlyList<TextEmbedding> expected = _model.Embed(texts, s_mean, Cancel);
        for (int i = 0; i < texts.Length; i++)
        {
            Assert.Equal(expected[i].Values.ToArray(), embeddings[i].Vector.ToArray());
            Assert.Equal("stories", embeddings[i].ModelId);
        }

        Assert.Equal(expected[0].TokenCount + expected[1].TokenCount, embeddings.Usage!.InputTokenCount);
        Assert.Empty(await generator.GenerateAsync([], cancellationToken: Cancel));
        var last = new EmbeddingGenerationOptions { RawRepresentationFactory = _ => s_mean with { Pooling = EmbeddingPooling.Last } };
        Assert.NotEqual(embeddings[0].Vector.ToArray(), (await generator.GenerateVectorAsync(texts[0], last, Cancel)).ToArray());
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task GenerateAsync_OptionThatIsNotHonoured_IsRefusedByName(string name)
    {
        using IEmbeddingGenerator<string, Embedding<float>> generator = _model.AsEmbeddingGenerator(s_mean);
        Exception error = await Assert.ThrowsAnyAsync<Exception>(() => generator.GenerateAsync(["a"], s_refused[name], Cancel));
        Assert.True(error is ArgumentException or NotSupportedException, $"{error}");
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AsEmbeddingGenerator_ModelWithoutPooling_AsksForOne()
    {
        NotSupportedException error = Assert.Throws<NotSupportedException>(() => _model.AsEmbeddingGenerator());
        Assert.Contains("EmbeddingOptions.Pooling", error.Message, StringComparison.Ordinal);
        using IEmbeddingGenerator<string, Embedding<float>> generator = _model.AsEmbeddingGenerator(s_mean);
        EmbeddingGeneratorMetadata metadata = generator.GetRequiredService<EmbeddingGeneratorMetadata>();
        Assert.Equal(("edgeruntime", "stories260K", 64), (metadata.ProviderName, metadata.DefaultModelId, metadata.DefaultModelDimensions));
        Assert.Same(_model, generator.GetService<LanguageModel>());
        using var source = new CancellationTokenSource();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => generator.GenerateAsync(["a"], cancellationToken: source.Token));
    }

    public void Dispose() => _model.Dispose();
}

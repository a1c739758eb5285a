using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.AI;

namespace EdgeRuntime.Extensions.AI;

/// <summary>Computes the embeddings that Microsoft.Extensions.AI asks for with a model, which it does not own.</summary>
internal sealed class ModelEmbeddingGenerator : IEmbeddingGenerator<string, Embedding<float>>
{
    private readonly LanguageModel _model;
    private readonly EmbeddingOptions _defaults;
    private readonly EmbeddingGeneratorMetadata _metadata;

    public ModelEmbeddingGenerator(LanguageModel model, EmbeddingOptions options, string? modelId)
    {
        RequireVectors(options.Pooling ?? model.Pooling);
        _model = model;
        _defaults = options;
        _metadata = new EmbeddingGeneratorMetadata(ModelIds.Provider, null, modelId ?? ModelIds.Of(model), model.EmbeddingSize);
    }

    public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        return ComputeAsync(values, options ?? new EmbeddingGenerationOptions(), cancellationToken);
    }

    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        object[] services = serviceKey is null ? [this, _metadata, _model] : [];
        return services.FirstOrDefault(serviceType.IsInstanceOfType);
    }

    public void Dispose()
    {
        // The model belongs to the caller.
    }

    private static void RequireVectors(EmbeddingPooling pooling)
    {
        if (pooling is EmbeddingPooling.None or EmbeddingPooling.Rank)
        {
            throw new NotSupportedException(
                $"the pooling is {pooling}, which does not make one vector of a text; set EmbeddingOptions.Pooling, for example to Mean");
        }
    }

    private async Task<GeneratedEmbeddings<Embedding<float>>> ComputeAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions options, CancellationToken cancellationToken)
    {
        IReadOnlyList<TextEmbedding> computed =
            await _model.EmbedAsync(values, ReadSettings(options), cancellationToken).ConfigureAwait(false);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        long tokens = computed.Sum(static embedding => (long)embedding.TokenCount);
        return new GeneratedEmbeddings<Embedding<float>>(computed.Select(
            embedding => new Embedding<float>(embedding.Values) { CreatedAt = now, ModelId = _metadata.DefaultModelId }))
        {
            Usage = new UsageDetails { InputTokenCount = tokens, TotalTokenCount = tokens },
        };
    }

    private EmbeddingOptions ReadSettings(EmbeddingGenerationOptions options)
    {
        if (options.ModelId is { } id && id != _metadata.DefaultModelId)
        {
            throw new NotSupportedException(
                $"EmbeddingGenerationOptions.ModelId is \"{id}\", but this generator uses \"{_metadata.DefaultModelId}\"; leave it null");
        }

        if (options.Dimensions is { } size && size != _model.EmbeddingSize)
        {
            throw new NotSupportedException(
                $"EmbeddingGenerationOptions.Dimensions is {size}, but the model has {_model.EmbeddingSize}; leave it null");
        }

        if (options.AdditionalProperties is { Count: > 0 } others)
        {
            throw new NotSupportedException(
                $"EmbeddingGenerationOptions.AdditionalProperties has \"{others.First().Key}\", which is not supported");
        }

        object? raw = options.RawRepresentationFactory?.Invoke(this);
        if (raw is not (null or EmbeddingOptions))
        {
            throw new ArgumentException(
                $"EmbeddingGenerationOptions.RawRepresentationFactory returned a {raw.GetType().Name}; expected EmbeddingOptions or null");
        }

        EmbeddingOptions settings = raw as EmbeddingOptions ?? _defaults;
        RequireVectors(settings.Pooling ?? _model.Pooling);
        return settings;
    }
}

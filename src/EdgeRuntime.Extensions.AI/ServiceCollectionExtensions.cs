using System;
using EdgeRuntime;
using EdgeRuntime.Extensions.AI;
using Microsoft.Extensions.AI;

#pragma warning disable IDE0130 // The extensions are found where everybody's are.
namespace Microsoft.Extensions.DependencyInjection;
#pragma warning restore IDE0130

/// <summary>Registers EdgeRuntime language models as services of Microsoft.Extensions.AI.</summary>
public static class EdgeRuntimeExtensionsAIServiceCollectionExtensions
{
    /// <summary>
    /// Registers a singleton <see cref="IChatClient"/> over the registered <see cref="LanguageModel"/>, for example that of
    /// <c>AddEdgeRuntime</c>. The container disposes the client.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="options">The options, or null for the defaults.</param>
    /// <param name="modelName">
    /// The name of a keyed model, under which the client is registered too; null for the model without a name.
    /// </param>
    /// <returns><paramref name="services"/>.</returns>
    /// <remarks>
    /// To put middleware in front of the client, pass <c>model.AsChatClient()</c> to <c>AddChatClient</c> of Microsoft.Extensions.AI.
    /// </remarks>
    public static IServiceCollection AddEdgeRuntimeChatClient(
        this IServiceCollection services, ModelChatClientOptions? options = null, string? modelName = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        return modelName is null
            ? services.AddSingleton(provider => provider.GetRequiredService<LanguageModel>().AsChatClient(options))
            : services.AddKeyedSingleton(
                modelName, (provider, name) => provider.GetRequiredKeyedService<LanguageModel>(name).AsChatClient(options));
    }

    /// <summary>
    /// Registers a singleton <see cref="IEmbeddingGenerator{TInput, TEmbedding}"/> over the registered <see cref="LanguageModel"/>.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="options">The options, or null for the defaults.</param>
    /// <param name="modelName">
    /// The name of a keyed model, under which the generator is registered too; null for the model without a name.
    /// </param>
    /// <returns><paramref name="services"/>.</returns>
    public static IServiceCollection AddEdgeRuntimeEmbeddingGenerator(
        this IServiceCollection services, EmbeddingOptions? options = null, string? modelName = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        return modelName is null
            ? services.AddSingleton(provider => provider.GetRequiredService<LanguageModel>().AsEmbeddingGenerator(options))
            : services.AddKeyedSingleton(
                modelName, (provider, name) => provider.GetRequiredKeyedService<LanguageModel>(name).AsEmbeddingGenerator(options));
    }
}

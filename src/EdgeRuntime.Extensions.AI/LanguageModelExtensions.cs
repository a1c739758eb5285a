using System;
using EdgeRuntime;
using EdgeRuntime.Extensions.AI;

#pragma warning disable IDE0130 // The extensions are found where everybody's are.
namespace Microsoft.Extensions.AI;
#pragma warning restore IDE0130

/// <summary>Serves EdgeRuntime language models through the interfaces of Microsoft.Extensions.AI.</summary>
public static class EdgeRuntimeLanguageModelExtensions
{
    /// <summary>Creates a chat client that answers with a model.</summary>
    /// <param name="model">The model, of which the caller keeps ownership.</param>
    /// <param name="options">The options, or null for the defaults.</param>
    /// <returns>
    /// The client, which is safe to use from many threads. The caller disposes it, which frees its sessions but not the model.
    /// </returns>
    /// <remarks>
    /// <para>A request has the whole conversation. The client keeps a few sessions (<see cref="ModelChatClientOptions.MaxSessions"/>): a
    /// request that continues a conversation computes only its new tokens. A new conversation takes the session that was not used for the
    /// longest time. Requests that run at the same time share forward passes.</para>
    /// <para>A request that asks for something that can't be honoured is refused with <see cref="NotSupportedException"/>: a response
    /// format of JSON, a required tool call, a reasoning effort, the id of a conversation or of another model, an unknown additional
    /// property, tools that are not functions or that the chat template does not know, and contents other than text, reasoning, calls and
    /// results. A value out of range is refused with <see cref="ArgumentException"/>. The message names the option.</para>
    /// <para>Additional properties are <c>min_p</c>, <c>typical_p</c>, <c>min_keep</c>, <c>repeat_penalty</c> and <c>repeat_last_n</c>. The
    /// raw representation of options is a <see cref="GenerationOptions"/>, that of a response a <see cref="GenerationResult"/>.</para>
    /// <para>The tools of <see cref="ChatToolMode.None"/> are not shown to the model. The client never starts background responses.</para>
    /// </remarks>
    /// <exception cref="ArgumentException">An option is out of range or contradicts another one.</exception>
    /// <exception cref="UnsupportedModelException">The model can't continue a text, or its tokenizer is not supported.</exception>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    public static IChatClient AsChatClient(this LanguageModel model, ModelChatClientOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        return new ModelChatClient(model, options ?? new ModelChatClientOptions());
    }

    /// <summary>Creates a generator that computes embeddings with a model.</summary>
    /// <param name="model">The model, of which the caller keeps ownership.</param>
    /// <param name="options">The options, or null for the defaults. The raw representation of a request's options replaces them.</param>
    /// <param name="modelId">The id of the model in results, or null for the name of its file without extension.</param>
    /// <returns>
    /// The generator, which is safe to use from many threads and holds nothing that needs disposal. It refuses numbers of dimensions other
    /// than that of the model, ids of other models and additional properties with <see cref="NotSupportedException"/>.
    /// </returns>
    /// <exception cref="NotSupportedException">
    /// The pooling makes no vector of a text. Set <see cref="EmbeddingOptions.Pooling"/> if the file of the model does not name one.
    /// </exception>
    public static IEmbeddingGenerator<string, Embedding<float>> AsEmbeddingGenerator(
        this LanguageModel model, EmbeddingOptions? options = null, string? modelId = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        return new ModelEmbeddingGenerator(model, options ?? new EmbeddingOptions(), modelId);
    }
}

using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.AI;

namespace EdgeRuntime.Extensions.AI;

/// <summary>Answers the requests of Microsoft.Extensions.AI with a model. Owns its sessions, not the model.</summary>
internal sealed class ModelChatClient : IChatClient
{
    private readonly LanguageModel _model;
    private readonly GenerationOptions _defaults;
    private readonly ChatClientMetadata _metadata;
    private readonly SessionPool _sessions;

    public ModelChatClient(LanguageModel model, ModelChatClientOptions options)
    {
        if (options.Generation.DraftSession is not null && options.MaxSessions > 1)
        {
            throw new ArgumentException(
                $"DraftSession serves one request at a time, MaxSessions is {options.MaxSessions}; set MaxSessions to 1", nameof(options));
        }

        _model = model;
        _defaults = options.Generation;
        _metadata = new ChatClientMetadata(ModelIds.Provider, defaultModelId: options.ModelId ?? ModelIds.Of(model));
        _sessions = new SessionPool(model, options);
    }

    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        List<ChatResponseUpdate> updates = [];
        await foreach (ChatResponseUpdate update in GetStreamingResponseAsync(messages, options, cancellationToken).ConfigureAwait(false))
        {
            updates.Add(update);
        }

        ChatResponse response = updates.ToChatResponse();
        response.RawRepresentation = updates[^1].RawRepresentation;
        return response;
    }

    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return AnswerAsync(messages, options, cancellationToken);
    }

    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        object[] services = serviceKey is null ? [this, _metadata, _model] : [];
        return services.FirstOrDefault(serviceType.IsInstanceOfType);
    }

    public void Dispose() => _sessions.Dispose();

    private async IAsyncEnumerable<ChatResponseUpdate> AnswerAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ChatRequest request = RequestReader.Read(messages, options, _defaults, _model, this);
        ChatSession chat = await _sessions.RentAsync(request, cancellationToken).ConfigureAwait(false);
        try
        {
            GenerationStream answer = request.SendTo(chat, cancellationToken);
            var reader = new AnswerReader(chat, request);
            var updates = new UpdateFactory(_metadata.DefaultModelId!);
            await foreach (GeneratedToken token in answer.ToAsyncEnumerable().ConfigureAwait(false))
            {
                IList<AIContent> contents = reader.Read(token);
                if (contents.Count > 0)
                {
                    yield return updates.Create(contents);
                }

                if (reader.IsComplete)
                {
                    break;
                }
            }

            yield return updates.CreateLast(reader.Complete(), answer.Result!, reader.HasCalls);
        }
        finally
        {
            _sessions.Return(chat);
        }
    }
}

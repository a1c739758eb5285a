using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime;
using Microsoft.Extensions.AI;

/// <summary>Serves a model through Microsoft.Extensions.AI. Requests wait for each other and reuse the KV cache of the last one.</summary>
public sealed class EdgeChatClient(LanguageModel model) : IChatClient
{
    private readonly ChatSession _chat = model.CreateChat();
    private readonly SemaphoreSlim _turn = new(1);

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options, CancellationToken cancellationToken) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            GenerationOptions sampling = new() { MaxTokens = options?.MaxOutputTokens, StopSequences = [.. options?.StopSequences ?? []] };
            sampling = sampling with { Temperature = options?.Temperature ?? sampling.Temperature, TopP = options?.TopP ?? sampling.TopP };
            _chat.Options = sampling with { Seed = (ulong?)options?.Seed };
            _chat.Tools = [.. (options?.Tools ?? []).OfType<AIFunctionDeclaration>()
                .Select(tool => new ToolDefinition(tool.Name, tool.Description, tool.JsonSchema.GetRawText()))];
            _chat.SystemPrompt = options?.Instructions;
            _chat.Clear();
            _chat.AddRange(messages.SelectMany(Convert));
            bool hasTools = _chat.Tools.Count > 0; // the text may be calls, which are known at its end
            await foreach (GeneratedToken token in _chat.Send(cancellationToken))
            {
                yield return new(ChatRole.Assistant, hasTools ? "" : token.Text);
            }

            ModelMessage answer = _chat.Messages[^1];
            AIContent[] calls = [.. answer.ToolCalls.Select(Convert)];
            AIContent[] contents = hasTools ? [new TextContent(answer.Content), .. calls] : calls;
            GenerationUsage usage = _chat.Result!.Usage;
            UsageDetails details = new() { InputTokenCount = usage.PromptTokens, OutputTokenCount = usage.GeneratedTokens };
            bool isCut = _chat.Result.FinishReason is FinishReason.Length or FinishReason.ContextFull;
            ChatFinishReason end = calls.Length > 0 ? ChatFinishReason.ToolCalls : isCut ? ChatFinishReason.Length : ChatFinishReason.Stop;
            yield return new(ChatRole.Assistant, [.. contents, new UsageContent(details)]) { FinishReason = end };
        }
        finally
        {
            _turn.Release();
        }
    }

    public object? GetService(Type serviceType, object? serviceKey) => serviceType.IsInstanceOfType(this) ? this : null;
    public void Dispose() => _chat.Dispose();

    private static IEnumerable<ModelMessage> Convert(ChatMessage message) => message.Contents.OfType<FunctionResultContent>()
        .Select(result => ModelMessage.Tool($"{result.Result}", result.CallId))
        .DefaultIfEmpty(new ModelMessage(message.Role.Value, message.Text)
        { ToolCalls = [.. message.Contents.OfType<FunctionCallContent>().Select(Convert)] });

    private static FunctionCallContent Convert(ToolCall call) => FunctionCallContent.CreateFromParsedArguments(call.Arguments,
        call.Id ?? $"{Guid.NewGuid():N}"[..9], call.Name, json => JsonSerializer.Deserialize<Dictionary<string, object?>>(json));

    private static ToolCall Convert(FunctionCallContent call) => new(call.Name, JsonSerializer.Serialize(call.Arguments), call.CallId);
}

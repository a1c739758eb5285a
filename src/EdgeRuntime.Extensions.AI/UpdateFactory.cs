using System;
using System.Collections.Generic;
using Microsoft.Extensions.AI;

namespace EdgeRuntime.Extensions.AI;

/// <summary>Creates the updates of one response, which share its id, time and model.</summary>
internal sealed class UpdateFactory(string modelId)
{
    private readonly string _id = Guid.NewGuid().ToString("N");
    private readonly DateTimeOffset _createdAt = DateTimeOffset.UtcNow;

    /// <summary>Creates an update.</summary>
    public ChatResponseUpdate Create(IList<AIContent> contents) => new(ChatRole.Assistant, contents)
    {
        ResponseId = _id,
        MessageId = _id,
        CreatedAt = _createdAt,
        ModelId = modelId,
    };

    /// <summary>Creates the last update, which has the usage, the finish reason, and the result as its raw representation.</summary>
    public ChatResponseUpdate CreateLast(IList<AIContent> contents, GenerationResult result, bool hasCalls)
    {
        ChatResponseUpdate update = Create([.. contents, new UsageContent(ToUsage(result.Usage))]);
        bool isCut = result.FinishReason is FinishReason.Length or FinishReason.ContextFull;
        update.FinishReason = isCut ? ChatFinishReason.Length : hasCalls ? ChatFinishReason.ToolCalls : ChatFinishReason.Stop;
        update.RawRepresentation = result;
        return update;
    }

    private static UsageDetails ToUsage(GenerationUsage usage) => new()
    {
        InputTokenCount = usage.PromptTokens,
        CachedInputTokenCount = usage.CachedPromptTokens,
        OutputTokenCount = usage.GeneratedTokens,
        TotalTokenCount = (long)usage.PromptTokens + usage.GeneratedTokens,
    };
}

using System.Collections.Generic;

namespace EdgeRuntime;

/// <summary>Specifies how a conversation starts and how it answers. See <see cref="LanguageModel.CreateChat"/>.</summary>
public sealed record ChatSessionOptions
{
    /// <summary>
    /// Gets how answers are sampled and where they stop. The default is a <see cref="GenerationOptions"/> with its defaults.
    /// </summary>
    public GenerationOptions Generation { get; init; } = new();

    /// <summary>
    /// Gets the options of the session, for example its context length. The default is a <see cref="SessionOptions"/> with its defaults.
    /// </summary>
    public SessionOptions Session { get; init; } = new();

    /// <summary>Gets the first <see cref="ChatSession.SystemPrompt"/>. The default is null: the template's own.</summary>
    public string? SystemPrompt { get; init; }

    /// <summary>Gets the messages so far, oldest first. The default is none.</summary>
    public IEnumerable<ModelMessage> Messages { get; init; } = [];

    /// <summary>Gets the first <see cref="ChatSession.Tools"/>. The default is none.</summary>
    public IReadOnlyList<ToolDefinition> Tools { get; init; } = [];
}

using System.Collections;

namespace EdgeRuntime.ToolCalls;

/// <summary>Describes how a family of models writes its answers: content, reasoning and tool calls.</summary>
internal abstract record AnswerFormat
{
    /// <summary>Gets the mark after which an answer reasons, if the prompt can end with it; else null.</summary>
    public virtual string? ReasoningMark => null;

    /// <summary>Reads an answer to its end.</summary>
    /// <param name="text">The text of the answer.</param>
    /// <param name="sink">Receives its parts.</param>
    /// <param name="tools">The tools that the model knows.</param>
    /// <param name="startsInReasoning">Whether the prompt ends with the mark of reasoning.</param>
    public abstract IEnumerator Read(AnswerText text, AnswerSink sink, ToolSchemas tools, bool startsInReasoning);
}

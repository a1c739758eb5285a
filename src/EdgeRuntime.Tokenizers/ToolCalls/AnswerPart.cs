namespace EdgeRuntime;

/// <summary>Specifies what a part of an answer is.</summary>
public enum AnswerPartKind
{
    /// <summary>Text for the user.</summary>
    Content,

    /// <summary>Text in which the model reasons before it answers.</summary>
    Reasoning,

    /// <summary>The start of a tool call; the text is the name of the tool.</summary>
    CallStart,

    /// <summary>A part of the arguments of a tool call, as JSON text.</summary>
    Arguments,

    /// <summary>
    /// A started call is malformed and not part of the message; the text is the reason. The text of the call follows as content.
    /// </summary>
    CallDropped,
}

/// <summary>Represents a part of an answer, as <see cref="ToolCallParser"/> finds it.</summary>
/// <param name="Kind">What the part is.</param>
/// <param name="Text">The text, which continues that of the last part of the same kind.</param>
/// <param name="CallIndex">The index of the tool call in the message, from 0; -1 for content and reasoning.</param>
public readonly record struct AnswerPart(AnswerPartKind Kind, string Text, int CallIndex = -1);

using System.Collections;

namespace EdgeRuntime.ToolCalls;

/// <summary>Describes how a family of models writes a tool call.</summary>
/// <param name="Open">The mark at the start of a call.</param>
internal abstract record CallSyntax(string Open)
{
    /// <summary>Gets a value indicating whether a call may also follow no mark: an answer that begins with a brace.</summary>
    public virtual bool MayLackOpen => false;

    /// <summary>Gets a value indicating whether the mark is part of the text that a malformed call becomes.</summary>
    public virtual bool IsMarkText => true;

    /// <summary>Reads what follows the mark, to the end of the call.</summary>
    /// <param name="text">The text of the answer.</param>
    /// <param name="sink">Receives the call.</param>
    /// <param name="tools">The tools that the model knows.</param>
    /// <exception cref="MalformedCallException">A step of the iterator throws it: the text is not a call.</exception>
    public abstract IEnumerator Read(AnswerText text, AnswerSink sink, ToolSchemas tools);
}

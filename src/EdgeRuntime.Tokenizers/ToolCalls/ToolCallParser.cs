using System;
using System.Collections;
using System.Collections.Generic;
using EdgeRuntime.ToolCalls;

namespace EdgeRuntime;

/// <summary>
/// Parses an answer of a model while it arrives: content, reasoning, and tool calls with partial arguments. One parser serves one answer,
/// and one thread at a time.
/// </summary>
/// <remarks>
/// Many models write marks as control tokens, which have no text by default: give the parser text with control tokens
/// (<see cref="Tokenizer.Decode(ReadOnlySpan{int}, bool)"/>). The parts do not depend on how the text is cut, except that more pieces can
/// give more parts.
/// </remarks>
/// <example>
/// <code>
/// ToolCallParser? parser = ToolCallParser.For(model.ChatTemplate!);
/// parser?.Append("Let me look. &lt;tool_call&gt;{\"name\": \"weather\", ");
/// parser?.Append("\"arguments\": {\"city\": \"Oslo\"}}&lt;/tool_call&gt;");
/// parser?.Complete();
/// foreach (ToolCall call in parser?.Message.ToolCalls ?? [])
/// {
///     Console.WriteLine($"{call.Name} {call.Arguments}");
/// }
/// </code>
/// </example>
public sealed class ToolCallParser
{
    private readonly AnswerText _text = new();
    private readonly AnswerSink _sink;
    private readonly Stack<IEnumerator> _readers = new();

    private ToolCallParser(AnswerFormat format, ToolSchemas tools, bool startsInReasoning)
    {
        _sink = new AnswerSink(_text);
        _readers.Push(format.Read(_text, _sink, tools, startsInReasoning));
    }

    /// <summary>
    /// Gets the message so far: content, reasoning, and the finished calls. Without marks, the content is the text of the answer.
    /// </summary>
    public ModelMessage Message => ModelMessage.Assistant(_sink.ContentText, _sink.Calls) with
    {
        Reasoning = _sink.ReasoningText is { Length: > 0 } reasoning ? reasoning : null,
    };

    /// <summary>
    /// Gets a sentence that says why a call is not in the message: it is malformed, and its text is content. Null if there is no such call.
    /// It describes the first one.
    /// </summary>
    public string? Warning => _sink.Warning;

    /// <summary>Creates the parser for the answers to a chat template, which its marks tell.</summary>
    /// <param name="template">The template.</param>
    /// <param name="tools">
    /// The tools that the model knows, or null if they are unknown. Their schemas tell numbers from strings where the format does not. If
    /// the list is empty, the parser finds reasoning only.
    /// </param>
    /// <returns>The parser, or null if the template has no known marks that the parser could find.</returns>
    public static ToolCallParser? For(ChatTemplate template, IReadOnlyList<ToolDefinition>? tools = null)
    {
        ArgumentNullException.ThrowIfNull(template);
        return AnswerFormats.Find(template.Source, hasCalls: tools is not { Count: 0 }) is { } format
            ? new ToolCallParser(format, new ToolSchemas(tools ?? []), PromptEndsWith(template, format.ReasoningMark))
            : null;
    }

    /// <summary>Adds text at the end of the answer.</summary>
    /// <param name="text">The text. It may be empty.</param>
    /// <returns>The parts that are certain now. Text that may be the beginning of a mark is held back.</returns>
    /// <exception cref="InvalidOperationException">The answer is complete.</exception>
    public IReadOnlyList<AnswerPart> Append(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (_text.IsComplete)
        {
            throw new InvalidOperationException("the answer is complete; a parser serves one answer");
        }

        _text.Append(text);
        Run();
        return _sink.Take();
    }

    /// <summary>Ends the answer. A second call does nothing.</summary>
    /// <returns>The parts that were held back.</returns>
    public IReadOnlyList<AnswerPart> Complete()
    {
        if (!_text.IsComplete)
        {
            _text.Complete();
            Run();
            _sink.End();
        }

        return _sink.Take();
    }

    /// <summary>Runs the readers until they need more text.</summary>
    private void Run()
    {
        while (_readers.TryPeek(out IEnumerator? reader))
        {
            try
            {
                if (!reader.MoveNext())
                {
                    _readers.Pop();
                }
                else if (reader.Current is IEnumerator inner)
                {
                    _readers.Push(inner);
                }
                else
                {
                    return;
                }
            }
            catch (MalformedCallException error)
            {
                Drop(error);
            }
        }
    }

    /// <summary>Leaves the readers of a malformed call.</summary>
    private void Drop(MalformedCallException error)
    {
        while (_readers.Pop() is var reader)
        {
            if (reader is CallAttempt attempt)
            {
                _sink.Drop(error.Message, attempt.IsGuess || error.IsPlainText);
                return;
            }
        }
    }

    private static bool PromptEndsWith(ChatTemplate template, string? mark)
    {
        try
        {
            return mark is not null
                && template.RenderMessages([ModelMessage.User("a")]).AsSpan().TrimEnd().EndsWith(mark, StringComparison.Ordinal);
        }
        catch (ChatTemplateException)
        {
            return false; // it refuses this conversation, so nothing is known of its end
        }
    }
}

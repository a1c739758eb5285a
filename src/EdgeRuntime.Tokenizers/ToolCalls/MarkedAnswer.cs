using System.Collections;
using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime.ToolCalls;

/// <summary>Answers in which marks surround reasoning and tool calls, and everything else is content.</summary>
/// <param name="Reasoning">The marks around reasoning, or null for none.</param>
/// <param name="Calls">How calls are written, or null if the family has none.</param>
/// <param name="Ignored">Marks that mean nothing by themselves, as those around all calls.</param>
internal sealed record MarkedAnswer((string Open, string Close)? Reasoning, CallSyntax? Calls, IReadOnlyList<string> Ignored) : AnswerFormat
{
    /// <inheritdoc/>
    public override string? ReasoningMark => Reasoning?.Open;

    /// <inheritdoc/>
    public override IEnumerator Read(AnswerText text, AnswerSink sink, ToolSchemas tools, bool startsInReasoning)
    {
        if (startsInReasoning)
        {
            yield return ReadReasoning(text, sink);
        }

        if (Calls is { MayLackOpen: true })
        {
            yield return ReadBareCalls(text, sink, tools, Calls);
        }

        var marks = new MarkSet([.. new[] { Reasoning?.Open, Calls?.Open }.OfType<string>(), .. Ignored]);
        do
        {
            yield return text.UpTo(marks, sink.Content);
            if (text.Mark is null)
            {
                continue;
            }

            if (text.Mark == Reasoning?.Open)
            {
                yield return ReadReasoning(text, sink);
            }
            else if (text.Mark == Calls?.Open)
            {
                text.Remember(Calls.IsMarkText ? text.Mark : "");
                yield return new CallAttempt(Calls.Read(text, sink, tools), isGuess: false);
            }
            else
            {
                sink.MeetMark();
            }
        }
        while (text.Rest.Length > 0 || !text.IsComplete);
    }

    private IEnumerator ReadReasoning(AnswerText text, AnswerSink sink)
    {
        sink.MeetMark();
        return text.UpTo(new MarkSet(Reasoning!.Value.Close), sink.Reasoning);
    }

    private static IEnumerator ReadBareCalls(AnswerText text, AnswerSink sink, ToolSchemas tools, CallSyntax calls)
    {
        text.Remember("");
        yield return text.Space();
        if (text.Rest is ['{', ..])
        {
            yield return new CallAttempt(calls.Read(text, sink, tools), isGuess: true);
        }
        else
        {
            sink.Content(text.Consumed);
        }
    }
}

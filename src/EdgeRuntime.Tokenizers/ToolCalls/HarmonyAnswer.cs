using System;
using System.Collections;

namespace EdgeRuntime.ToolCalls;

/// <summary>
/// Answers of several messages, each with a header that names its channel and its recipient: gpt-oss. The channel analysis is reasoning, a
/// message to a function is a call, all others are content.
/// </summary>
internal sealed record HarmonyAnswer : AnswerFormat
{
    private const string Message = "<|message|>", Channel = "<|channel|>", Start = "<|start|>", Recipient = "to=";
    private static readonly string[] s_endMarks = ["<|end|>", "<|call|>", "<|return|>", Start];
    private static readonly MarkSet s_starts = new(Start, Channel), s_ends = new(s_endMarks);

    /// <inheritdoc/>
    public override IEnumerator Read(AnswerText text, AnswerSink sink, ToolSchemas tools, bool startsInReasoning)
    {
        // The prompt ends within the first header, which may name the recipient first.
        text.Remember("");
        yield return text.Try(" " + Recipient, Recipient);
        bool isInHeader = text.Mark is not null;
        string header = text.Mark ?? "";
        do
        {
            if (!isInHeader)
            {
                yield return text.UpTo(s_starts, sink.Content);
                header = text.Mark ?? "";
                text.Remember(header);
            }

            if (header.Length > 0)
            {
                yield return new CallAttempt(ReadMessage(text, sink, header), isGuess: true);
            }

            isInHeader = text.Mark == Start;
            header = Start;
            if (isInHeader)
            {
                text.Remember(Start);
            }
        }
        while (text.Rest.Length > 0 || !text.IsComplete);
    }

    private static IEnumerator ReadMessage(AnswerText text, AnswerSink sink, string start)
    {
        yield return text.Until(Message);
        string header = start + text.Taken;
        sink.MeetMark();
        if (WordAfter(header, Recipient) is { } recipient and not "assistant")
        {
            const string prefix = "functions.";
            sink.Start(recipient.StartsWith(prefix, StringComparison.Ordinal) ? recipient[prefix.Length..] : recipient);
            yield return text.Space();
            yield return text.Json(sink.Arguments);
            sink.Finish();
            yield return text.Space();
            yield return text.Try(s_endMarks);
        }
        else
        {
            yield return text.UpTo(s_ends, WordAfter(header, Channel) == "analysis" ? sink.Reasoning : sink.Content);
        }
    }

    /// <summary>Gets the word after the last occurrence of a mark, or null.</summary>
    private static string? WordAfter(string header, string mark)
    {
        int at = header.LastIndexOf(mark, StringComparison.Ordinal);
        if (at < 0)
        {
            return null;
        }

        ReadOnlySpan<char> word = header.AsSpan(at + mark.Length);
        int end = word.IndexOfAny(" <\n");
        return (end < 0 ? word : word[..end]).ToString();
    }
}

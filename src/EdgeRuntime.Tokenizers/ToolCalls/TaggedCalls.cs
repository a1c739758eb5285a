using System.Collections;

namespace EdgeRuntime.ToolCalls;

/// <summary>
/// Calls with a tag for each argument: Qwen3-Coder, GLM and others. The schema of the tool says which values are strings.
/// </summary>
/// <param name="Open">The mark at the start.</param>
/// <param name="Close">The mark at the end. An answer may end without it.</param>
internal sealed record TaggedCalls(string Open, string Close) : CallSyntax(Open)
{
    /// <summary>Gets the marks around the name. The name ends before the first character of the second one, or at a line end.</summary>
    public required (string Open, string Close) Name { get; init; }

    /// <summary>Gets the marks around a key.</summary>
    public required (string Open, string Close) Key { get; init; }

    /// <summary>Gets the marks around a value.</summary>
    public required (string Open, string Close) Value { get; init; }

    /// <summary>Gets the mark after the last argument.</summary>
    public required string End { get; init; }

    /// <inheritdoc/>
    public override IEnumerator Read(AnswerText text, AnswerSink sink, ToolSchemas tools)
    {
        yield return Expect(text, Name.Open);
        yield return text.Before(Name.Close.Length > 0 ? Name.Close[..1] + "\n" : "<\n");
        string name = text.Taken.Trim();
        sink.Start(name);
        yield return Expect(text, Name.Close);
        string separator = "{";
        while (true)
        {
            yield return text.Space();
            yield return text.Try(Key.Open, End);
            if (text.Mark != Key.Open)
            {
                break;
            }

            yield return text.Until(Key.Close);
            string key = text.Taken.Trim();
            yield return Expect(text, Value.Open);
            yield return text.Until(Value.Close);
            sink.Arguments($"{separator}{JsonText.Quote(key)}: {tools.ToJson(name, key, WithoutLineEnds(text.Taken))}");
            separator = ", ";
        }

        if (text.Mark is null)
        {
            yield return text.Any();
            throw new MalformedCallException($"found '{text.Rest[0]}', expected '{Key.Open}' or '{End}'");
        }

        sink.Arguments(separator == "{" ? "{}" : "}");
        sink.Finish();
        if (End != Close)
        {
            yield return text.Space();
            yield return text.Try(Close);
        }
    }

    private static IEnumerator Expect(AnswerText text, string mark)
    {
        if (mark.Length == 0)
        {
            yield break;
        }

        yield return text.Space();
        yield return text.Any();
        yield return text.Try(mark);
        if (text.Mark is null)
        {
            throw new MalformedCallException(text.Rest.IsEmpty ? "it is cut off" : $"found '{text.Rest[0]}', expected '{mark}'");
        }
    }

    /// <summary>Removes the line ends that separate a value from its tags.</summary>
    private string WithoutLineEnds(string value)
    {
        if (Value.Open.Length > 0)
        {
            return value;
        }

        int start = value.StartsWith('\n') ? 1 : 0;
        int end = value.Length - (value.Length > start && value.EndsWith('\n') ? 1 : 0);
        return value[start..end];
    }
}

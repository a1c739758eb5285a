using System;
using System.Collections;

namespace EdgeRuntime.ToolCalls;

/// <summary>
/// Calls with a tag for each argument: Qwen3-Coder, GLM, MiniMax and others. The schema of the tool or an attribute of the tag says which
/// values are strings.
/// </summary>
/// <param name="Open">The mark at the start.</param>
/// <param name="Close">The mark at the end. An answer may end without it.</param>
internal sealed record TaggedCalls(string Open, string Close) : CallSyntax(Open)
{
    private const string CharacterData = "<![CDATA[", CharacterDataEnd = "]]>";

    /// <summary>Gets the marks around the name. The name ends before the first character of the second one, or at a line end.</summary>
    public required (string Open, string Close) Name { get; init; }

    /// <summary>Gets the marks around a key.</summary>
    public required (string Open, string Close) Key { get; init; }

    /// <summary>Gets the marks around a value.</summary>
    public required (string Open, string Close) Value { get; init; }

    /// <summary>Gets the mark after the last argument.</summary>
    public required string End { get; init; }

    /// <summary>Gets the end of the tags of names and keys, after their attributes; null for tags without attributes.</summary>
    public string? TagEnd { get; init; }

    /// <summary>Gets the attribute of the values that are strings; null if there is none.</summary>
    public string? StringAttribute { get; init; }

    /// <summary>Gets a value indicating whether line ends separate values from their tags.</summary>
    public bool HasLineEnds { get; init; }

    /// <inheritdoc/>
    public override IEnumerator Read(AnswerText text, AnswerSink sink, ToolSchemas tools)
    {
        yield return Expect(text, Name.Open);
        do
        {
            yield return ReadCall(text, sink, tools);
            yield return text.Space();
            yield return text.Try(Name.Open.Length > 0 ? [Name.Open] : []);
        }
        while (text.Mark is not null);

        if (End != Close)
        {
            yield return text.Try(Close);
        }
    }

    private IEnumerator ReadCall(AnswerText text, AnswerSink sink, ToolSchemas tools)
    {
        yield return text.Before(Name.Close.Length > 0 ? Name.Close[..1] + "\n" : "<\n");
        string name = text.Taken.Trim();
        sink.Start(name);
        yield return Expect(text, Name.Close);
        yield return ReadAttributes(text);
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
            yield return ReadAttributes(text);
            bool? isString = StringAttribute is null ? null : text.Taken.Contains(StringAttribute, StringComparison.Ordinal);
            yield return ReadValue(text);
            sink.Arguments($"{separator}{JsonText.Quote(key)}: {tools.ToJson(name, key, text.Taken, isString)}");
            separator = ", ";
        }

        if (text.Mark is null)
        {
            yield return text.Any();
            throw new MalformedCallException($"found '{text.Rest[0]}', expected '{Key.Open}' or '{End}'");
        }

        sink.Arguments(separator == "{" ? "{}" : "}");
        sink.Finish();
    }

    private IEnumerator ReadAttributes(AnswerText text) => text.Until(TagEnd ?? "");

    private IEnumerator ReadValue(AnswerText text)
    {
        yield return Expect(text, Value.Open);
        yield return text.Try(CharacterData);
        if (text.Mark is null)
        {
            yield return text.Until(Value.Close);
            text.Taken = WithoutLineEnds(text.Taken);
        }
        else
        {
            yield return text.Until(CharacterDataEnd);
            string value = text.Taken;
            yield return Expect(text, Value.Close);
            text.Taken = value;
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

    private string WithoutLineEnds(string value)
    {
        if (!HasLineEnds)
        {
            return value;
        }

        int start = value.StartsWith('\n') ? 1 : 0;
        int end = value.Length - (value.Length > start && value.EndsWith('\n') ? 1 : 0);
        return value[start..end];
    }
}

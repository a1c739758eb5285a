using System.Collections;
using System.Linq;

namespace EdgeRuntime.ToolCalls;

/// <summary>
/// Calls as JSON objects, one or several, or an array of them: Hermes, Qwen, Granite, Command R, Llama 3 and others.
/// </summary>
/// <param name="Open">The mark at the start.</param>
/// <param name="Close">The mark at the end. An answer may end without it. Null for none.</param>
internal sealed record JsonCalls(string Open, string? Close) : CallSyntax(Open)
{
    private static readonly string[] s_names = ["name", "tool_name"];
    private static readonly string[] s_arguments = ["arguments", "parameters"];
    private static readonly string[] s_ids = ["id", "tool_call_id"];

    /// <summary>
    /// Gets a value indicating whether an answer that begins with a brace is a call as well, as with Llama 3. The mark may then also
    /// announce the code of a program, which is content.
    /// </summary>
    public bool IsBare { get; init; }

    /// <summary>Gets the fence that follows the mark, or null. Without the fence, the mark is text.</summary>
    public string? Fence { get; init; }

    /// <summary>Gets a value indicating whether the only key of an object is the name, and its value the arguments.</summary>
    public bool IsNameKey { get; init; }

    /// <inheritdoc/>
    public override bool MayLackOpen => IsBare;

    /// <inheritdoc/>
    public override bool IsMarkText => !IsBare;

    /// <inheritdoc/>
    public override IEnumerator Read(AnswerText text, AnswerSink sink, ToolSchemas tools)
    {
        yield return ReadStart(text);
        yield return text.Try("[");
        bool isArray = text.Mark is not null;
        yield return text.Space();
        yield return text.Try(isArray ? ["]"] : []);
        bool isEmpty = text.Mark is not null;
        while (!isEmpty)
        {
            yield return IsNameKey ? ReadEntry(text, sink) : ReadObject(text, sink, tools);
            yield return text.Space();
            yield return text.Try(isArray ? "," : ";");
            if (text.Mark is null && (isArray || text.Rest is not ['{', ..]))
            {
                break;
            }
        }

        if (isArray && !isEmpty)
        {
            yield return Expect(text, "]");
        }

        if (Close is not null)
        {
            yield return text.Space();
            yield return text.Try(Close);
        }
    }

    private IEnumerator ReadStart(AnswerText text)
    {
        yield return text.Space();
        if (Fence is not null)
        {
            yield return text.Try(Fence);
            if (text.Mark is null)
            {
                throw new MalformedCallException("it has no fence", isPlainText: true);
            }

            yield return text.Space();
        }
        else if (IsBare && text.Rest is not ['{' or '[', ..])
        {
            throw new MalformedCallException("it is not JSON", isPlainText: true);
        }
    }

    private static IEnumerator ReadEntry(AnswerText text, AnswerSink sink)
    {
        yield return Expect(text, "{");
        yield return text.Space();
        yield return text.Json();
        string name = JsonText.Unquote(text.Taken);
        yield return Expect(text, ":");
        sink.Start(name);
        yield return text.Space();
        yield return text.Json(sink.Arguments);
        yield return Expect(text, "}");
        sink.Finish();
    }

    private IEnumerator ReadObject(AnswerText text, AnswerSink sink, ToolSchemas tools)
    {
        string? name = null, arguments = null, id = null;
        bool hasStarted = false;
        yield return Expect(text, "{");
        do
        {
            yield return text.Space();
            yield return text.Json();
            string key = JsonText.Unquote(text.Taken);
            yield return Expect(text, ":");
            yield return text.Space();
            yield return text.Any();
            if (s_arguments.Contains(key) && name is not null && text.Rest[0] != '"')
            {
                hasStarted = true;
                sink.Start(name, id);
                yield return text.Json(sink.Arguments);
            }
            else
            {
                yield return text.Json();
                name = s_names.Contains(key) ? ToName(text.Taken, tools) : name;
                arguments = s_arguments.Contains(key) ? text.Taken : arguments;
                id = s_ids.Contains(key) ? text.Taken.Trim('"') : id;
                CheckGuess(key, name);
            }

            yield return text.Space();
            yield return text.Try(",");
        }
        while (text.Mark is not null);

        yield return Expect(text, "}");
        Finish(sink, hasStarted, name, arguments, id);
    }

    private void Finish(AnswerSink sink, bool hasStarted, string? name, string? arguments, string? id)
    {
        if (!hasStarted)
        {
            if (IsBare && arguments is null)
            {
                throw new MalformedCallException("it has no arguments");
            }

            sink.Start(name ?? throw new MalformedCallException("it has no name"), id);
            if (arguments is not null)
            {
                sink.Arguments(arguments.StartsWith('"') ? JsonText.Unquote(arguments) : arguments);
            }
        }

        sink.Finish(id);
    }

    private string ToName(string json, ToolSchemas tools)
    {
        string name = JsonText.Unquote(json);
        return !IsBare || tools.Allow(name) ? name : throw new MalformedCallException("no tool has this name");
    }

    /// <summary>Recognizes an object that is no call as soon as possible, because no mark has announced one.</summary>
    private void CheckGuess(string key, string? name)
    {
        string[] known = [.. s_names, .. s_arguments, .. s_ids, "type"];
        if (IsBare && name is null && !known.Contains(key))
        {
            throw new MalformedCallException("it has no name");
        }
    }

    private static IEnumerator Expect(AnswerText text, string mark)
    {
        yield return text.Space();
        yield return text.Any();
        yield return text.Try(mark);
        if (text.Mark is null)
        {
            throw new MalformedCallException($"found '{text.Rest[0]}', expected '{mark}'");
        }
    }
}

using System;
using System.Collections;

namespace EdgeRuntime.ToolCalls;

/// <summary>Calls as a name and JSON arguments with marks between them: DeepSeek, Kimi, newer Mistral models.</summary>
/// <param name="Open">The mark at the start.</param>
/// <param name="Separator">The mark between the name and the arguments.</param>
/// <param name="Close">The mark at the end. An answer may end without it. Null for none.</param>
internal sealed record NamedCalls(string Open, string Separator, string? Close) : CallSyntax(Open)
{
    /// <summary>Gets the mark between the name and the id, or null.</summary>
    public string? IdMark { get; init; }

    /// <summary>Gets the mark between an id and the name that follows it, or null.</summary>
    public string? NameMark { get; init; }

    /// <summary>Gets the mark between the name and an opening fence, after which the arguments follow, or null.</summary>
    public string? Fence { get; init; }

    /// <summary>Gets a value indicating whether the name is in an id: <c>functions.name:0</c>.</summary>
    public bool IsNameInId { get; init; }

    /// <inheritdoc/>
    public override IEnumerator Read(AnswerText text, AnswerSink sink, ToolSchemas tools)
    {
        yield return text.Until(Separator);
        string name = text.Taken;
        string? id = null;
        if (Fence is not null)
        {
            yield return text.Until(Fence); // the text before the separator is the type
            name = text.Taken;
        }
        else if (IdMark is not null && name.IndexOf(IdMark, StringComparison.Ordinal) is >= 0 and int at)
        {
            id = name[(at + IdMark.Length)..].Trim();
            name = name[..at];
        }
        else if (NameMark is not null && name.IndexOf(NameMark, StringComparison.Ordinal) is >= 0 and int start)
        {
            id = name[..start].Trim();
            name = name[(start + NameMark.Length)..];
        }
        else if (IsNameInId)
        {
            id = name.Trim();
            name = NameOf(id);
        }

        sink.Start(name.Trim(), id);
        yield return text.Space();
        yield return text.Json(sink.Arguments);
        sink.Finish();
        if (Fence is not null)
        {
            yield return text.Space();
            yield return text.Try("```");
        }

        if (Close is not null)
        {
            yield return text.Space();
            yield return text.Try(Close);
        }
    }

    private static string NameOf(string id)
    {
        const string prefix = "functions.";
        string name = id.StartsWith(prefix, StringComparison.Ordinal) ? id[prefix.Length..] : id;
        int number = name.LastIndexOf(':');
        return number < 0 ? name : name[..number];
    }
}

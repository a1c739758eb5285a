using System.Collections;
using System.Collections.Generic;

namespace EdgeRuntime.ToolCalls;

/// <summary>
/// Calls with literals of a programming language: <c>[name(key="value")]</c> of LFM2, <c>call:name{key:value}</c> of Gemma.
/// </summary>
/// <param name="Open">The mark at the start.</param>
/// <param name="Close">The mark at the end.</param>
internal sealed record LiteralCalls(string Open, string Close) : CallSyntax(Open)
{
    /// <summary>Gets the text before a name.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>Gets the brackets around the arguments.</summary>
    public (char Open, char Close) Brackets { get; init; } = ('(', ')');

    /// <summary>Gets the character between a key and its value.</summary>
    public char Assignment { get; init; } = '=';

    /// <inheritdoc/>
    public override IEnumerator Read(AnswerText text, AnswerSink sink, ToolSchemas tools)
    {
        yield return text.Until(Close);
        var reader = new LiteralReader(text.Taken);
        foreach ((string name, string arguments) in ReadAll(reader))
        {
            sink.Start(name);
            sink.Arguments(arguments);
            sink.Finish();
        }
    }

    private List<(string Name, string Arguments)> ReadAll(LiteralReader reader)
    {
        List<(string Name, string Arguments)> calls = [];
        bool isList = reader.TryTake("[");
        do
        {
            reader.Expect(Prefix);
            string name = reader.TakeName();
            reader.Expect(Brackets.Open.ToString());
            calls.Add((name, reader.TakeEntries(Brackets.Close, Assignment)));
        }
        while (isList && reader.TryTake(","));

        if (isList)
        {
            reader.Expect("]");
        }

        reader.ExpectEnd();
        return calls;
    }
}

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;

namespace EdgeRuntime.Examples.Tests;

/// <summary>
/// A C# program in a document: a code block after a line <c>&lt;!-- runs --&gt;</c>, or <c>&lt;!-- runs: with name --&gt;</c> to add the
/// block that follows <c>&lt;!-- part: name --&gt;</c> in the same document.
/// </summary>
/// <param name="Name">The name of the document without extension, and the number of the program in it.</param>
/// <param name="Line">The number of the line where the block starts.</param>
/// <param name="Sources">The program, and the parts that it uses.</param>
internal sealed partial record Example(string Name, int Line, IReadOnlyList<string> Sources)
{
    /// <summary>Gets a value indicating whether the program serves HTTP until it is stopped.</summary>
    public bool IsServer => Sources[0].Contains("WebApplication", StringComparison.Ordinal);

    /// <summary>Reads the programs of a document.</summary>
    /// <param name="path">The path of a markdown file.</param>
    public static IEnumerable<Example> Read(string path)
    {
        string text = File.ReadAllText(path).ReplaceLineEndings("\n");
        List<Match> blocks = [.. Block().Matches(text).Cast<Match>()];
        var parts = blocks.Where(block => block.Groups["kind"].Value == "part")
            .ToDictionary(block => block.Groups["name"].Value.Trim(), block => block.Groups["code"].Value);
        int number = 0;
        foreach (Match block in blocks.Where(block => block.Groups["kind"].Value == "runs"))
        {
            string[] used = block.Groups["name"].Value.Split(
                ["with", ","], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            yield return new Example(
                $"{Path.GetFileNameWithoutExtension(path)}-{++number}",
                text.AsSpan(0, block.Groups["code"].Index).Count('\n') + 1,
                [block.Groups["code"].Value, .. used.Select(name => parts[name])]);
        }
    }

    [GeneratedRegex(
        @"^<!-- (?<kind>runs|part)(?:: (?<name>[^\n]*?))? -->\n```csharp\n(?<code>.*?)^```$",
        RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}

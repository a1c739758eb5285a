using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Text.RegularExpressions;

namespace EdgeRuntime.Examples.Tests;

/// <summary>
/// A C# program in a document: a code block after a line <c>&lt;!-- runs --&gt;</c>. Or an example in the documentation of a type.
/// </summary>
/// <param name="Name">The name of the document without extension, and the number of the program in it.</param>
/// <param name="Line">The number of the line where the block starts.</param>
/// <param name="Source">The program.</param>
internal sealed partial record Example(string Name, int Line, string Source)
{
    private const string Usings =
        """
        using System.Numerics.Tensors; using EdgeRuntime; using EdgeRuntime.Conversion; using EdgeRuntime.Engine;
        using EdgeRuntime.Formats; using EdgeRuntime.Gguf; using EdgeRuntime.ML.Tokenizers; using EdgeRuntime.Onnx;
        using EdgeRuntime.Quantization; using EdgeRuntime.Quantization.Search; using EdgeRuntime.Tuning;

        """;

    private static readonly (string Name, string Declaration)[] _given =
    [
        ("model", "using LanguageModel model = LanguageModel.Load(\"model.gguf\");\n"),
        ("session", "using LanguageModel own = LanguageModel.Load(\"model.gguf\"); using ModelSession session = own.CreateSession();\n"),
        ("prompt", "int[] prompt = [1, 2, 3];\n"),
        ("text", "string text = \"Hello, world\";\n"),
    ];

    /// <summary>Gets a value indicating whether the program serves HTTP until it is stopped.</summary>
    public bool IsServer => Source.Contains("WebApplication", StringComparison.Ordinal);

    /// <summary>Gets a value indicating whether the program is a comment's example, which may leave variables unused.</summary>
    public bool IsComment => Name.Contains("-comment-", StringComparison.Ordinal);

    /// <summary>Reads the programs of a document.</summary>
    /// <param name="path">The path of a markdown file.</param>
    public static IEnumerable<Example> Read(string path)
    {
        string text = File.ReadAllText(path).ReplaceLineEndings("\n");
        int number = 0;
        foreach (Match block in Block().Matches(text).Cast<Match>())
        {
            yield return new Example(
                $"{Path.GetFileNameWithoutExtension(path)}-{++number}",
                text.AsSpan(0, block.Groups["code"].Index).Count('\n') + 1,
                block.Groups["code"].Value);
        }
    }

    /// <summary>Reads the examples in the documentation comments of a source file. They use a few given variables.</summary>
    /// <param name="path">The path of a C# file.</param>
    public static IEnumerable<Example> ReadComments(string path)
    {
        string text = File.ReadAllText(path).ReplaceLineEndings("\n");
        int number = 0;
        foreach (Match block in Comment().Matches(text).Cast<Match>())
        {
            string code = WebUtility.HtmlDecode(Slashes().Replace(block.Groups["code"].Value, ""));
            IEnumerable<string> given = _given
                .Where(variable => Regex.IsMatch(code, $@"\b{variable.Name}\b(?!\.gguf)")
                    && !Regex.IsMatch(code, $@"\w>?(\[\])? {variable.Name} (=|in )"))
                .Select(variable => variable.Declaration);
            yield return new Example(
                $"{Path.GetFileNameWithoutExtension(path)}-comment-{++number}",
                text.AsSpan(0, block.Groups["code"].Index).Count('\n') + 1,
                string.Concat([Usings, .. given, "Console.WriteLine(\"begin\");\n", code]));
        }
    }

    [GeneratedRegex(
        @"^ */// <example>\n(?: */// [^<\n]*\n)? */// <code>\n(?<code>.*?)^ */// </code>$",
        RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex("^ */// ?", RegexOptions.Multiline)]
    private static partial Regex Slashes();

    [GeneratedRegex(
        @"^<!-- runs -->\n```csharp\n(?<code>.*?)^```$",
        RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}

using System.Collections.Generic;
using System.CommandLine;
using EdgeRuntime.Cli.Options;

namespace EdgeRuntime.Cli.Eval;

/// <summary>The options of commands that compute with a text, chunk by chunk.</summary>
internal sealed class TextRunOptions
{
    /// <summary>The default number of tokens of a chunk.</summary>
    public const int DefaultContext = 512;

    public Option<string[]> Files { get; } = new("--file", "-f")
    {
        Description = "The text, UTF-8; may be given several times",
        HelpName = "FILE",
        Arity = ArgumentArity.OneOrMore,
    };

    public Option<int> Chunks { get; } = OptionFactory.Integer(
        "--chunks", [], "Maximum number of chunks; -1 for all", -1, -1);

    /// <summary>Gets the option for the file that keeps the state of a run.</summary>
    public Option<string?> Resume { get; } = OptionFactory.Text(
        "--resume", [], "A file that keeps the state of the run: an interrupted run goes on from it. Deleted at the end", "FILE");

    public Option<bool> Json { get; } = OptionFactory.Switch("--json", [], "Print one JSON object at the end");

    /// <summary>Gets the paths of the texts.</summary>
    public IReadOnlyList<string> GetFiles(ParseResult parsed) => parsed.GetValue(Files) ?? [];

    /// <summary>Gets the number of tokens of a chunk for a model.</summary>
    public static int GetContext(ParseResult parsed, ModelCommandOptions options, LanguageModel model) =>
        options.GetContextLength(parsed, model.ContextLength) ?? int.Min(DefaultContext, model.ContextLength);
}

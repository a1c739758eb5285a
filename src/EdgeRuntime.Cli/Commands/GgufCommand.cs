using System.CommandLine;

namespace EdgeRuntime.Cli.Commands;

/// <summary><c>edgert gguf</c>: changes, divides, joins and compares model files.</summary>
internal static class GgufCommand
{
    public static Command Create() => new("gguf", "Changes, divides, joins and compares GGUF files.")
    {
        GgufSetCommand.Create(),
        GgufSplitCommand.Create(),
        GgufMergeCommand.Create(),
        GgufDiffCommand.Create(),
        GgufExportTokenizerCommand.Create(),
    };

    /// <summary>Creates the argument for a file.</summary>
    public static Argument<string> File(string name, string description) => new(name) { Description = description, HelpName = name };
}

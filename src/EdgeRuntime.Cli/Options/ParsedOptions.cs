using System.CommandLine;

namespace EdgeRuntime.Cli.Options;

/// <summary>Queries on a parsed command line.</summary>
internal static class ParsedOptions
{
    /// <summary>Gets whether the option was given, as opposed to its default.</summary>
    public static bool IsGiven(this ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };
}

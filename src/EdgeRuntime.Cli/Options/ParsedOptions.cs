using System.CommandLine;

namespace EdgeRuntime.Cli.Options;

/// <summary>What a command line says beyond values.</summary>
internal static class ParsedOptions
{
    /// <summary>Whether the option stands there, rather than its default.</summary>
    public static bool IsGiven(this ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };
}

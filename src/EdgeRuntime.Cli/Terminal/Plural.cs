namespace EdgeRuntime.Cli.Terminal;

/// <summary>Writes numbers of things.</summary>
internal static class Plural
{
    /// <summary>Gets a number with its noun: <c>1 prompt</c>, <c>2 prompts</c>.</summary>
    public static string Of(int count, string noun) => System.FormattableString.Invariant($"{count} {noun}{(count == 1 ? "" : "s")}");
}

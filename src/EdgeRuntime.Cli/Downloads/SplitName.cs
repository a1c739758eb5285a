using System.Globalization;
using System.Text.RegularExpressions;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Cli.Downloads;

/// <summary>The name of one part of a model that is split into several files: PREFIX-00001-of-00003.gguf.</summary>
/// <param name="Prefix">The text before the number; may hold folders.</param>
/// <param name="Number">The number of the part, from 1 in a valid name.</param>
/// <param name="Count">The number of parts.</param>
/// <param name="Suffix">The text from the hyphen before the number to the end.</param>
internal sealed partial record SplitName(string Prefix, int Number, int Count, string Suffix)
{
    private const int Digits = 5;

    /// <summary>Gets whether the part exists in a split model of a supported size.</summary>
    public bool IsValid => Count is >= 1 and <= GgufFile.MaxParts && Number >= 1 && Number <= Count;

    /// <summary>Parses the end of a path; null if the path does not end like the name of a part. The numbers may be invalid.</summary>
    public static SplitName? Parse(string path) => PartSuffix().Match(path) is { Success: true } match
        ? new SplitName(path[..match.Index], ParseNumber(match.Groups["number"]), ParseNumber(match.Groups["count"]), match.Value)
        : null;

    /// <summary>Gets the path of another part.</summary>
    public string PathOf(int part) =>
        string.Create(CultureInfo.InvariantCulture, $"{Prefix}-{part:D5}{Suffix[(1 + Digits)..]}");

    private static int ParseNumber(Group group) => int.Parse(group.ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"-(?<number>[0-9]{5})-of-(?<count>[0-9]{5})\.gguf$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex PartSuffix();
}

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tests.Design;

/// <summary>The documents of the repository name only what exists, and keep to the width of a line.</summary>
public sealed partial class DocumentTests
{
    private const int Columns = 140;

    private static readonly Lazy<string[]> s_files = new(() => [.. ListFiles()]);

    private static readonly Lazy<HashSet<string>> s_words = new(() =>
    [
        .. s_files.Value.Where(IsSource).SelectMany(file => Word().Matches(File.ReadAllText(Full(file)))).Select(word => word.Value),
    ]);

    public static IEnumerable<TheoryDataRow<string>> Documents() =>
        s_files.Value.Where(file => file.EndsWith(".md", StringComparison.Ordinal)).Select(file => new TheoryDataRow<string>(file));

    /// <summary>All documents but the changelog, which also names removed members.</summary>
    public static IEnumerable<TheoryDataRow<string>> Descriptions() => Documents().Where(row => row.Data != "CHANGELOG.md");

    [Fact]
    public void Documents_OfTheRepository_AreFound() => Assert.True(Documents().Count() >= 20);

    [Theory]
    [MemberData(nameof(Documents))]
    public void Links_InADocument_HaveTargets(string document)
    {
        var broken = new List<string>();
        foreach (Match link in Link().Matches(File.ReadAllText(Full(document))))
        {
            string target = link.Groups["file"].Value;
            string path = target.Length == 0 ? Full(document) : Path.Combine(Path.GetDirectoryName(Full(document))!, target);
            string heading = link.Groups["heading"].Value;
            if (!Path.Exists(path) || (heading.Length > 0 && !Headings(path).Contains(heading)))
            {
                broken.Add(link.Value);
            }
        }

        Assert.Empty(broken);
    }

    /// <summary>A path with a folder (<c>Formats/Q3_K.cs</c>) is the end of some file's or folder's path.</summary>
    [Theory]
    [MemberData(nameof(Documents))]
    public void Paths_InADocument_Exist(string document) => Assert.DoesNotContain(
        Code(document).Where(code => SourcePath().IsMatch(code)), path => !s_files.Value.Any(file => Names("/" + file, path)));

    [Theory]
    [MemberData(nameof(Descriptions))]
    public void Identifiers_InADescription_AreInTheSources(string document)
    {
        IEnumerable<Capture> names = Code(document).SelectMany(code => Identifier().Match(code).Groups["name"].Captures);
        Assert.Empty(names.Select(name => name.Value).Except(s_words.Value));
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Lines_OfADocument_FitTheWidth(string document)
    {
        IEnumerable<string> prose = File.ReadLines(Full(document)).Where(line => !line.StartsWith('|') && !SingleLink().IsMatch(line));
        Assert.DoesNotContain(prose, line => line.Length > Columns);
    }

    private static string Full(string file) => Path.Combine(SharedData.Repository, file);

    private static bool IsSource(string file) => Path.GetExtension(file) is ".cs" or ".csproj" or ".props";

    private static bool Names(string file, string path) =>
        file.EndsWith("/" + path, StringComparison.Ordinal) || file.Contains("/" + path.TrimEnd('/') + "/", StringComparison.Ordinal);

    private static IEnumerable<string> ListFiles() =>
        from pattern in new[] { ("", false), ("src", true), ("tests", true), ("docs", true), ("models", true) }
        let options = new EnumerationOptions { RecurseSubdirectories = pattern.Item2 }
        from file in Directory.EnumerateFiles(Full(pattern.Item1), "*", options)
        let relative = Path.GetRelativePath(SharedData.Repository, file).Replace('\\', '/')
        where !BuildOutput().IsMatch(relative)
        orderby relative
        select relative;

    private static IEnumerable<string> Code(string document) =>
        CodeSpan().Matches(File.ReadAllText(Full(document))).Select(span => span.Groups["code"].Value).Distinct();

    /// <summary>Headings in the form of GitHub's anchors.</summary>
    private static IEnumerable<string> Headings(string path) =>
        from line in File.ReadLines(path)
        where line.StartsWith('#')
        select NoAnchorCharacter().Replace(line.TrimStart('#', ' ').ToLowerInvariant(), "").Replace(' ', '-');

    [GeneratedRegex(@"\]\((?!https?:)(?<file>[^)#]*)(#(?<heading>[^)]+))?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^\W*\[[^]]*\]\([^)]*\)\W*$")]
    private static partial Regex SingleLink();

    [GeneratedRegex(@"(?<!`)`(?<code>[^`\n]+)`(?!`)")]
    private static partial Regex CodeSpan();

    [GeneratedRegex(@"^((src|tests|docs|models)/[\w./-]+|[A-Za-z][\w.-]*(/[\w.-]+)*/([\w-]+\.(cs|md|sh|svg|csv|zip|json))?)$")]
    private static partial Regex SourcePath();

    [GeneratedRegex(@"^(?=\w*[a-z])(?<name>[A-Z]\w*)(\.(?<name>[A-Z]\w*))*(<.*>)?$")]
    private static partial Regex Identifier();

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NoAnchorCharacter();

    [GeneratedRegex("(^|/)(bin|obj|artifacts|TestResults)/")]
    private static partial Regex BuildOutput();
}

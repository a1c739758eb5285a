using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Cli.Tests;

/// <summary>Rules for every text of the repository.</summary>
public sealed partial class RepositoryTests
{
    private const int Columns = 140;

    private static readonly string[] s_generatedFolders =
        [".git", ".vs", ".idea", "bin", "obj", "artifacts", "BenchmarkDotNet.Artifacts", "TestResults"];

    private static readonly string[] s_textExtensions =
        [".cs", ".sh", ".ps1", ".md", ".py", ".awk", ".csproj", ".props", ".sln", ".json", ".yml", ".html", ".txt", ""];

    [Fact]
    public void Line_OfCodeOrProse_HasAtMost140Columns()
    {
        List<string> faults = [];
        foreach (string file in Texts().Where(file => Path.GetExtension(file) is ".cs" or ".sh" or ".ps1" or ".md" or ".py" or ".awk"))
        {
            string[] lines = File.ReadAllLines(file);
            faults.AddRange(lines.Index()
                .Where(line => Width(line.Item) > Columns && !IsTableRow(file, line.Item) && !LinkAlone().IsMatch(line.Item))
                .Select(line => $"{Path.GetRelativePath(SharedData.Repository, file)}:{line.Index + 1}: {Width(line.Item)} columns"));
        }

        Assert.True(faults.Count == 0, $"{faults.Count} lines are longer than {Columns} columns:\n{string.Join('\n', faults)}");
    }

    /// <summary>Packages come through the ordinary clients, which know their registry.</summary>
    [Fact]
    public void Text_OfTheRepository_NamesNoRegistryHost()
    {
        string[] faults = [.. Texts().Where(file => RegistryHost().IsMatch(File.ReadAllText(file)))];
        Assert.True(faults.Length == 0, $"hosts of package registries are named in {string.Join(", ", faults)}");
    }

    [Fact]
    public void Archives_OfTestData_TakeAtMost15Megabytes()
    {
        var data = new DirectoryInfo(Path.Combine(SharedData.Repository, "tests", "data"));
        Assert.InRange(data.EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length), 1, 15_000_000);
    }

    private static IEnumerable<string> Texts() =>
        Files(new DirectoryInfo(SharedData.Repository)).Where(file => s_textExtensions.Contains(Path.GetExtension(file)));

    private static IEnumerable<string> Files(DirectoryInfo folder) => folder.EnumerateFiles().Select(file => file.FullName).Concat(
        folder.EnumerateDirectories().Where(each => !s_generatedFolders.Contains(each.Name)).SelectMany(Files));

    private static int Width(string line) => line.EnumerateRunes().Count();

    private static bool IsTableRow(string file, string line) =>
        file.EndsWith(".md", StringComparison.Ordinal) && line.TrimStart().StartsWith('|');

    [GeneratedRegex(@"^[\s/#*>-]*(?:\[[^\]]*\]\([^)\s]*\)|<?https?://\S+|\[[^\]]*\]:\s*\S+)[.,;]?\s*$")]
    private static partial Regex LinkAlone();

    [GeneratedRegex(
        @"\b(?:npmjs\.(?:org|com)|nuget\.org|pypi\.org|pythonhosted\.org|crates\.io|rubygems\.org|maven\.(?:org|apache\.org)"
        + @"|proxy\.golang\.org|docker\.(?:io|com)|ghcr\.io|quay\.io|mcr\.microsoft\.com)\b")]
    private static partial Regex RegistryHost();
}

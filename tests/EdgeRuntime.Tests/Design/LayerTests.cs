using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tests.Design;

/// <summary>Dependencies point one way: a folder is a layer, and reads only the layers below it.</summary>
public sealed partial class LayerTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["EdgeRuntime.Core/Files"] = [],
        ["EdgeRuntime.Core/Memory"] = ["Files"],
        ["EdgeRuntime.Core/Threading"] = [],
        ["EdgeRuntime.Core/Formats"] = ["Memory"],
        ["EdgeRuntime.Core/Gguf"] = ["Formats", "Memory"],
        ["EdgeRuntime.Core/Kernels"] = ["Formats", "Memory", "Kernels", "Threading"],
        ["EdgeRuntime.Tokenizers"] = ["Tokenizers"],
        ["EdgeRuntime/Engine"] = [],
        ["EdgeRuntime/State"] = ["Engine", "Formats", "Kernels", "Memory"],
        ["EdgeRuntime/Weights"] = ["Formats", "Gguf", "Kernels", "Memory", "SideCar", "Threading"],
        ["EdgeRuntime/Modules"] = ["Formats", "Kernels", "Memory", "State", "Threading", "Weights"],
        ["EdgeRuntime/Architectures"] = ["Gguf", "Kernels", "Modules", "State", "Weights"],
        ["EdgeRuntime/Cpu"] = ["Engine", "Kernels", "Memory", "Modules", "State", "Threading", "Weights"],
        ["EdgeRuntime/SideCar"] = ["Files", "Formats", "Gguf", "Kernels", "Memory", "Threading"],
        ["EdgeRuntime/Sampling"] = ["Sampling"],
    };

    public static IEnumerable<TheoryDataRow<string>> Layers() => Allowed.Keys.Select(layer => new TheoryDataRow<string>(layer));

    [Theory]
    [MemberData(nameof(Layers))]
    public void Folder_UsesOnlyTheLayersBelow(string layer)
    {
        string folder = Path.Combine(SharedData.Repository, "src", layer);
        Assert.True(Directory.Exists(folder), $"no such folder: {folder}");
        var wrong = new List<string>();
        foreach (string file in Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories).Where(file => !file.Contains("/obj/", StringComparison.Ordinal)))
        {
            foreach (Match match in UsingOfOurs().Matches(File.ReadAllText(file)))
            {
                string used = match.Groups["name"].Value.Split('.')[0];
                if (used != Path.GetFileName(layer) && !Allowed[layer].Contains(used))
                {
                    wrong.Add($"{Path.GetFileName(file)} uses EdgeRuntime.{match.Groups["name"].Value}");
                }
            }
        }

        Assert.Empty(wrong);
    }

    [Theory]
    [InlineData("Values")]
    [InlineData("Library", "Values")]
    [InlineData("Syntax", "Library", "Values")]
    public void TemplateFolder_UsesOnlyTheLayersBelow(string layer, params string[] below)
    {
        string folder = Path.Combine(SharedData.Repository, "src", "EdgeRuntime.Tokenizers", "Templates", layer);
        IEnumerable<string> used = Directory.EnumerateFiles(folder, "*.cs")
            .SelectMany(file => UsingOfOurs().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups["name"].Value);

        Assert.Empty(used.Except(below.Select(name => "Tokenizers.Templates." + name)));
    }

    [GeneratedRegex(@"^using (\w+ = )?EdgeRuntime\.(?<name>[\w.]+);", RegexOptions.Multiline)]
    private static partial Regex UsingOfOurs();
}

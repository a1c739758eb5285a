using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Models;

/// <summary><c>edgert list</c> and <c>edgert rm</c>.</summary>
public sealed class ModelFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void List_Models_HaveNamesSizesAndLastUses()
    {
        Add("b.gguf", "owner/repo/a-00001-of-00003.gguf", "owner/repo/a-00002-of-00003.gguf", "owner/repo/deep/er/x.gguf", "readme.md");
        File.Copy(Support.Edgert.Stories, _folder.File("stories.gguf"));
        Edgert(0, "info", "stories");
        JsonElement[] models = [.. Edgert(0, "list", "--json").Json.EnumerateArray()];
        Assert.Equal(["b", "owner/repo/a", "stories"], models.Select(model => model.GetProperty("name").GetString()));
        Assert.Equal([null, null, "llama"], models.Select(model => model.GetProperty("architecture").GetString()));
        Assert.Equal([4, 8, new FileInfo(Support.Edgert.Stories).Length], models.Select(model => model.GetProperty("bytes").GetInt64()));
        Assert.Equal([true, false, true], models.Select(model => model.GetProperty("complete").GetBoolean()));
        Assert.Equal(JsonValueKind.Null, models[0].GetProperty("last_use").ValueKind);
        TimeSpan age = DateTime.UtcNow - models[2].GetProperty("last_use").GetDateTime().ToUniversalTime();
        Assert.InRange(age, TimeSpan.FromMinutes(-1), TimeSpan.FromHours(1));
        string text = Edgert(0, "list").Output;
        Assert.Contains("(incomplete: 2 of 3 files)", text, StringComparison.Ordinal);
        Assert.Contains("never", text, StringComparison.Ordinal);
        Assert.Matches("\nstories +llama +1.2 MB ", text);
    }

    [Fact]
    public void List_NoFolder_IsEmpty()
    {
        string output = Support.Edgert.RunIn(Environment(_folder.File("none")), null, "list", "--json").Expect(0).Output;
        Assert.Equal("[]", output.Trim());
    }

    [Fact]
    public void Remove_Model_DeletesAllItsFiles()
    {
        Add("b.gguf", "owner/repo/a-00001-of-00002.gguf", "owner/repo/a-00002-of-00002.gguf", "owner/other/c.gguf");
        string error = Edgert(0, "rm", "A", "b.gguf").Error;
        Assert.Equal(["removed owner/repo/a (8 B)", "removed b (4 B)"], error.TrimEnd().Split('\n').Select(line => line.Trim()));
        Assert.Equal(["owner/other/c.gguf"], Files());
        Assert.False(Directory.Exists(_folder.File("owner/repo")));
    }

    [Fact]
    public void List_InterruptedDownload_IsThereToBeRemoved()
    {
        Directory.CreateDirectory(_folder.File("owner/repo"));
        File.WriteAllText(_folder.File("owner/repo/x.gguf.part"), "GGUF");
        JsonElement model = Assert.Single(Edgert(0, "list", "--json").Json.EnumerateArray());
        Assert.Equal(("owner/repo/x", 4, 0), (
            model.GetProperty("name").GetString(), model.GetProperty("bytes").GetInt32(), model.GetProperty("files").GetInt32()));
        Assert.Contains("(incomplete: 0 of 1 files)", Edgert(0, "list").Output, StringComparison.Ordinal);
        Assert.Contains("download was interrupted", Edgert(1, "info", "x").ExpectErrorLine(1), StringComparison.Ordinal);
        Edgert(0, "rm", "hf:owner/repo");
        Assert.False(Directory.Exists(_folder.File("owner")));
    }

    [Fact]
    public void Remove_IncompleteModel_DeletesItsInterruptedDownloads()
    {
        Add("a-00001-of-00002.gguf", "b.gguf");
        File.WriteAllText(_folder.File("a-00002-of-00002.gguf.part"), "GGUF");
        File.WriteAllText(_folder.File("a-00002-of-00002.gguf.part.etag"), "\"v1\"");
        Edgert(0, "rm", "a");
        Assert.Equal(["b.gguf"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("no-such-model")]
    [InlineData("../b")]
    [InlineData("owner/repo")]
    [InlineData("/etc/passwd")]
    [InlineData("*")]
    [InlineData("")]
    public void Remove_NoModelOfTheFolder_DeletesNothing(string name)
    {
        Add("b.gguf", "owner/repo/a.gguf");
        EdgertResult result = Edgert(1, "rm", "b", name);
        Assert.Contains("no such model in", result.ExpectErrorLine(1), StringComparison.Ordinal);
        Assert.Equal(["b.gguf", "owner/repo/a.gguf"], Files());
    }

    [Fact]
    public void Remove_NameOfTwoModels_DeletesNothing()
    {
        Add("x/repo/a.gguf", "y/repo/a.gguf");
        string error = Edgert(1, "rm", "a").ExpectErrorLine(1);
        Assert.Contains("several models have this name: x/repo/a, y/repo/a", error, StringComparison.Ordinal);
        Edgert(0, "rm", "x/repo/a");
        Assert.Equal(["y/repo/a.gguf"], Files());
    }

    [Fact]
    public void Info_NameOfList_FindsTheModel()
    {
        Add("owner/repo/x.gguf");
        File.Copy(Support.Edgert.Stories, _folder.File("owner/repo/stories.gguf"));
        Edgert(0, "info", "owner/repo/stories");
        Edgert(0, "info", "stories");
    }

    private static Dictionary<string, string?> Environment(string folder) => new() { ["EDGERUNTIME_MODELS"] = folder };

    private EdgertResult Edgert(int exitCode, params string[] arguments) =>
        Support.Edgert.RunIn(Environment(_folder.Path), null, arguments).Expect(exitCode);

    private void Add(params string[] files)
    {
        foreach (string file in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(file))!);
            File.WriteAllBytes(_folder.File(file), "GGUF"u8.ToArray());
        }
    }

    private IEnumerable<string> Files() => Directory.GetFiles(_folder.Path, "*.gguf", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(_folder.Path, file).Replace('\\', '/')).Order(StringComparer.Ordinal);
}

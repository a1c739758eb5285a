using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading;
using EdgeRuntime.Cli.Tests.Support;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Commands;

/// <summary>Whatever stops the writing of a user's file, the file is as it was, and nothing lies beside it.</summary>
public sealed class WrittenFilesTests : IDisposable
{
    private const int Blocks = 16; // 8 KB

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Save_OnAFullDisk_KeepsTheOldConversationAndTheChatGoesOn()
    {
        using var disk = new SmallDisk(kilobytes: 64);
        string path = disk.File("talk.json");
        string old = Conversation(path, 40_000);
        EdgertResult result = Edgert.RunWith($"/load {path}\n/save {path}\n/stats\n", "chat", "-m", Edgert.Stories).Expect(0);
        Assert.Contains($"edgert: error: {path}: the disk is full\n", result.Error, StringComparison.Ordinal);
        Assert.Contains("messages  2", result.Error, StringComparison.Ordinal);
        Assert.Equal(old, File.ReadAllText(Assert.Single(Directory.GetFiles(disk.Path))));
    }

    [Fact]
    public void Save_BeyondTheSizeLimit_KeepsTheOldConversationAndTheChatGoesOn()
    {
        string path = _folder.File("talk.json");
        string old = Conversation(path, 40_000);
        EdgertResult result = SizeLimit.Run(Blocks, $"/load {path}\n/save {path}\n/stats\n", "chat", "-m", Edgert.Stories).Expect(0);
        Assert.Contains($"edgert: error: {path}: the file would be larger than this", result.Error, StringComparison.Ordinal);
        Assert.Contains("messages  2", result.Error, StringComparison.Ordinal);
        AssertOnly(path, old);
    }

    [Fact]
    public void Save_Again_ReplacesTheOldConversation()
    {
        string path = _folder.File("talk.json");
        string old = Conversation(path, 10);
        Edgert.RunWith($"/load {path}\n/system Be brief.\n/save {path}\n", "chat", "-m", Edgert.Stories).Expect(0);
        Assert.NotEqual(old, File.ReadAllText(path));
        Assert.Contains("Be brief.", File.ReadAllText(path), StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(_folder.Path));
    }

    [Theory]
    [InlineData("logits", "STORIES", "--ids", "1,2,3,4,5,6,7,8", "--out", "OLD")]
    [InlineData("bench", "--force", "--make-model", "tiny:Q4_0", "OLD")]
    public void Output_BeyondTheSizeLimit_KeepsTheOldFile(params string[] command)
    {
        string path = _folder.Write("old", "old content");
        string line = SizeLimit.Run(Blocks, null, Fill(command, path)).ExpectErrorLine(1);
        Assert.StartsWith($"edgert: error: {path}: the file would be larger", line, StringComparison.Ordinal);
        AssertOnly(path, "old content");
    }

    [Fact]
    public void BenchOutput_BeyondTheSizeLimit_KeepsTheOldFile()
    {
        string path = _folder.Write("old", "old content");
        EdgertResult result = SizeLimit.Run(0, null, "bench", Edgert.Stories, "-p", "4", "-n", "0", "-r", "1", "--out", path).Expect(1);
        Assert.Contains($"edgert: error: {path}: the file would be larger", result.Error, StringComparison.Ordinal);
        AssertOnly(path, "old content");
    }

    [Fact]
    public void Bench_ToAFile_WritesItWhole()
    {
        string path = _folder.Write("old", new string('x', 100_000));
        Edgert.Run("bench", Edgert.Stories, "-p", "4", "-n", "0", "-r", "1", "-o", "jsonl", "--out", path).Expect(0);
        Assert.Equal(4, JsonNode.Parse(Assert.Single(File.ReadAllLines(path)))!["n_prompt"]!.GetValue<int>());
        Assert.Single(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void MakeModel_OverAnOldFile_NeedsForce()
    {
        string path = _folder.Write("old.gguf", "old content");
        string line = Edgert.Run("bench", "--make-model", "tiny:Q4_0", path).ExpectErrorLine(1);
        Assert.Equal($"edgert: error: {path}: exists already; --force replaces it", line);
        AssertOnly(path, "old content");
        Edgert.Run("bench", "--make-model", "tiny:Q4_0", path, "--force").Expect(0);
        Edgert.Run("info", path).Expect(0);
        Assert.Contains("no meaning", Edgert.Run("bench", Edgert.Stories, "--force").ExpectErrorLine(2), StringComparison.Ordinal);
    }

    [Fact]
    public void Requantize_OverAnOldFile_NeedsForce()
    {
        string path = _folder.Write("old.gguf", "old content");
        Edgert.Run("bench", "--requantize", "libllama=/nowhere", Edgert.Stories, "Q4_0", path).ExpectErrorLine(1);
        AssertOnly(path, "old content");
    }

    [Fact]
    public void MakeModel_KilledWhileWriting_KeepsTheOldFileAndTheNextOneTidies()
    {
        string path = _folder.Write("old.gguf", "old content");
        using (Process process = Edgert.Start(new Dictionary<string, string?>(), "bench", "--make-model", "llama-1b:F16", path, "--force"))
        {
            WaitUntil(() => process.HasExited || Leftovers().Any(file => file.Length > 0));
            process.Kill();
            process.WaitForExit();
        }

        Assert.Equal("old content", File.ReadAllText(path));
        Assert.Single(Leftovers());
        Edgert.Run("bench", "--make-model", "tiny:Q4_0", path, "--force").Expect(0);
        Edgert.Run("info", path).Expect(0);
        Assert.Single(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Logits_OutThatIsADevice_IsWrittenToIt()
    {
        Unix.Require();
        string[] command = ["logits", Edgert.Stories, "--ids", "1,2,3", "--out"];
        Edgert.Run([.. command, "/dev/null"]).Expect(0);
        Assert.Contains("REGL", Edgert.Run([.. command, "/dev/stdout"]).Expect(0).Output, StringComparison.Ordinal);
        Assert.SkipUnless(File.Exists("/dev/full"), "this system has no /dev/full");
        Assert.Equal("edgert: error: /dev/full: the disk is full", Edgert.Run([.. command, "/dev/full"]).ExpectErrorLine(1));
    }

    [Theory]
    [InlineData("run", "MODEL", "-p", "x", "-n", "1", "--log-file", "MODEL")]
    [InlineData("run", "MODEL", "-p", "x", "-n", "1", "--log-file", "LINK")]
    [InlineData("logits", "MODEL", "--ids", "1", "--out", "MODEL")]
    [InlineData("logits", "MODEL", "--ids", "1", "--out", "LINK")]
    [InlineData("bench", "MODEL", "-p", "4", "-n", "0", "-r", "1", "--out", "MODEL")]
    [InlineData("bench", "--make-model", "tiny:Q4_0", "MODEL")]
    public void Output_ThatIsAModel_IsRefused(params string[] command)
    {
        Unix.Require();
        string model = _folder.File("model.gguf");
        File.Copy(Edgert.Stories, model);
        File.CreateSymbolicLink(_folder.File("link"), model);
        string[] arguments = Array.ConvertAll(command, word => word == "MODEL" ? model : word == "LINK" ? _folder.File("link") : word);
        Edgert.Run(arguments).ExpectErrorLine(1);
        Assert.Equal(File.ReadAllBytes(Edgert.Stories), File.ReadAllBytes(model));
    }

    [Fact]
    public void Save_OverAModel_IsRefused()
    {
        string model = _folder.File("model.gguf");
        File.Copy(Edgert.Stories, model);
        Assert.Contains("is a model", Edgert.RunWith($"/save {model}\n", "chat", "-m", model).Expect(0).Error, StringComparison.Ordinal);
        Assert.Equal(File.ReadAllBytes(Edgert.Stories), File.ReadAllBytes(model));
    }

    [Theory]
    [InlineData("some other text\n")]
    [InlineData("{\"messages\": []}")]
    [InlineData("\0\0\0\0")]
    [InlineData("2026-01-31 12:00:00.000 said he")]
    public void LogFile_ThatIsNoLog_IsRefusedAndLeftAlone(string content)
    {
        string path = _folder.Write("notes", content);
        Assert.Contains("is no log", RunWithLog(path).ExpectErrorLine(1), StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllText(path));
    }

    [Fact]
    public void LogFile_NewEmptyOrAnOlderLog_GetsTheLog()
    {
        string path = _folder.Write("log", "");
        RunWithLog(path).Expect(0);
        string first = File.ReadAllText(path);
        Assert.Contains("Loaded ", first, StringComparison.Ordinal);
        RunWithLog(path).Expect(0);
        string second = File.ReadAllText(path);
        Assert.StartsWith(first, second, StringComparison.Ordinal);
        Assert.True(second.Length > first.Length);
        RunWithLog(_folder.File("new")).Expect(0);
        Assert.True(new FileInfo(_folder.File("new")).Length > 0);
    }

    private static EdgertResult RunWithLog(string path) => Edgert.Run("run", Edgert.Stories, "-p", "x", "-n", "1", "--log-file", path);

    private static string[] Fill(string[] command, string path) =>
        Array.ConvertAll(command, word => word == "STORIES" ? Edgert.Stories : word == "OLD" ? path : word);

    private static void WaitUntil(Func<bool> condition)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromMinutes(3), "waited in vain");
            Thread.Sleep(1);
        }
    }

    /// <summary>Writes a conversation of two messages.</summary>
    private static string Conversation(string path, int length)
    {
        string text = "{\"system\": \"\", \"messages\": [{\"role\": \"user\", \"content\": \"" + new string('a', length)
            + "\"}, {\"role\": \"assistant\", \"content\": \"b\"}]}";
        File.WriteAllText(path, text);
        return text;
    }

    private FileInfo[] Leftovers() => new DirectoryInfo(_folder.Path).GetFiles("*.edgert-tmp");

    private void AssertOnly(string path, string content)
    {
        Assert.Equal(content, File.ReadAllText(path));
        Assert.Single(Directory.GetFiles(_folder.Path));
    }
}

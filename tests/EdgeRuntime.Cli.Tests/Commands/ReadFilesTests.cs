using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeRuntime.Cli.Tests.Support;
using EdgeRuntime.Gguf;
using EdgeRuntime.TestSupport;
using EdgeRuntime.Tuning;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Commands;

/// <summary>A file that is none, or none of its kind, costs one line: nothing hangs, and a chat goes on.</summary>
public sealed class ReadFilesTests : IDisposable
{
    private const string Message = "{\"role\": \"user\", \"content\": \"a\"}";

    private readonly TemporaryFolder _folder = new();

    private string Profile
    {
        get
        {
            using GgufFile file = GgufFile.Open(Edgert.Stories);
            return _folder.File(TuningKey.Of(file).FileName);
        }
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Gets command lines with one argument FILE that must name a file to read.</summary>
    public static IEnumerable<TheoryDataRow<string>> FileArguments() => new[]
    {
        "run STORIES -n 1 -f FILE",
        "run STORIES -n 1 -p x --log-file FILE",
        "run -p x -m FILE",
        "run STORIES -p x --draft FILE",
        "chat FILE",
        "info FILE",
        "tune FILE",
        "bench FILE -p 4 -n 0",
        "bench --requantize libllama=/nowhere FILE Q4_0 out.gguf",
        "tokenize FILE text",
        "tokenize STORIES --batch FILE",
        "logits STORIES --out x --ids-file FILE",
        "logits FILE --out x --ids 1",
        "eval perplexity STORIES -f FILE",
        "eval kld STORIES STORIES -f FILE",
        "eval kld STORIES --logits FILE",
        "eval choice STORIES --task FILE",
        "eval text STORIES -f FILE",
        "eval ab STORIES STORIES -f FILE",
        "eval ab --votes FILE",
        "quantize --report FILE",
        "imatrix STORIES -o out.gguf -f FILE",
        "imatrix -o out.gguf --in-file FILE",
        "render FILE --cases x.json",
        "render TEMPLATE --cases FILE",
        "pull x --catalog FILE",
    }.Select(static line => new TheoryDataRow<string>(line));

    [Fact]
    public void Load_OfWhatIsNoConversation_IsOneLineAndTheConversationStays()
    {
        string[] texts =
        [
            "{\"messages\": [], \"messages\": []}",
            "{\"messages\": [{\"role\": \"user\", \"role\": \"user\", \"content\": \"a\"}]}",
            "{\"system\": \"a\", \"system\": \"b\", \"messages\": []}",
            "{\"messages\": [" + Message + "], \"more\": {\"a\": 1, \"a\": 1}}",
            "{\"messages\": {}}",
            "{\"messages\": null}",
            "{\"messages\": [1]}",
            "{\"messages\": [null]}",
            "{\"messages\": [{\"role\": \"user\"}]}",
            "{\"messages\": [{\"role\": \"user\", \"content\": 1}]}",
            "{\"messages\": [{\"role\": \"user\", \"content\": null}]}",
            "{\"messages\": [{\"role\": \"user\", \"content\": \"\\ud800\"}]}",
            "{\"messages\": [" + Message + ", {}]}",
            "{\"system\": 1, \"messages\": []}",
            "{}",
            "[]",
            "null",
            "1",
            "",
            "{\"messages\": [",
            new string('[', 100_000),
        ];
        AssertRefused([.. texts.Select((text, index) => _folder.Write($"bad{index}.json", text))]);
    }

    [Fact]
    public void Load_OfWhatIsNoFileOrTooLarge_IsOneLineAndTheConversationStays()
    {
        string pipe = Unix.MakePipe(_folder.File("pipe"));
        string link = _folder.File("link");
        File.CreateSymbolicLink(link, "/dev/zero");
        string large = _folder.File("large");
        using (FileStream file = File.Create(large))
        {
            file.SetLength(65 << 20);
        }

        string tooLong = _folder.File(new string('n', 300));
        AssertRefused([pipe, link, large, _folder.Path, _folder.File("absent"), tooLong, _folder.File("nul\0l")]);
    }

    /// <summary>Bytes of another encoding and a model are no text.</summary>
    [Theory]
    [InlineData("eval", "ab", "MODEL", "MODEL", "-f", "FILE")]
    [InlineData("eval", "perplexity", "MODEL", "-f", "FILE")]
    [InlineData("imatrix", "MODEL", "-o", "out.gguf", "-f", "FILE")]
    [InlineData("run", "MODEL", "-n", "1", "-f", "FILE")]
    public void Texts_ThatAreNoText_AreRefused(params string[] command)
    {
        string latin = _folder.File("latin.txt");
        File.WriteAllBytes(latin, [.. "caf\u00E9 one\n"u8, .. "caf"u8, 0xE9, .. " two\n"u8]);
        foreach ((string file, string expected) in new[]
        {
            (latin, "latin.txt: byte 14: found 0xE9, expected UTF-8; convert the file to UTF-8"),
            (Edgert.Stories, ": byte 6: found 0x00, expected text"),
        })
        {
            string[] arguments = Array.ConvertAll(command, word => word == "MODEL" ? Edgert.Stories : word == "FILE" ? file : word);
            Assert.Contains(expected, Edgert.Run(arguments).ExpectErrorLine(1), StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(FileArguments))]
    public void PipeOrDevice_InPlaceOfAFile_IsRefusedInOneLine(string command)
    {
        string pipe = Unix.MakePipe(_folder.File("pipe"));
        string device = _folder.File("device");
        File.CreateSymbolicLink(device, "/dev/zero");
        foreach ((string path, string kind) in new[] { (pipe, "pipe"), (device, "device") })
        {
            string line = Edgert.Run(Fill(command.Split(' '), path)).ExpectErrorLine(1);
            Assert.Equal($"edgert: error: {path}: is a {kind}, expected a regular file", line);
        }
    }

    [Theory]
    [MemberData(nameof(FileArguments))]
    public void UrlInPlaceOfAFile_IsRefusedWithoutItsPassword(string command)
    {
        string line = Edgert.Run(Fill(command.Split(' '), "https://user:secret@h.example/m.gguf?token=secret")).ExpectErrorLine(1);
        Assert.StartsWith("edgert: error: https://h.example/m.gguf?...: is a URL, expected ", line, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run", "STORIES", "-n", "1", "-f", "FILE")]
    [InlineData("tokenize", "STORIES", "--batch", "FILE")]
    [InlineData("render", "TEMPLATE", "--cases", "FILE")]
    [InlineData("pull", "x", "--catalog", "FILE")]
    public void FileBeyondTheBound_IsRefusedInOneLine(params string[] command)
    {
        string path = _folder.File("large");
        using (FileStream large = File.Create(path))
        {
            large.SetLength(1L << 40);
        }

        string line = Edgert.Run(Fill(command, path)).ExpectErrorLine(1);
        Assert.StartsWith($"edgert: error: {path}: has more than ", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"models\": [], \"models\": []}")]
    [InlineData("{\"models\": [{\"name\": 1}]}")]
    [InlineData("[]")]
    [InlineData("")]
    public void Catalogue_OfAnotherShape_IsOneLine(string text)
    {
        string path = _folder.Write("c.json", text);
        Assert.Contains("not a catalogue", Edgert.Run("pull", "x", "--catalog", path).ExpectErrorLine(1), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pipe")]
    [InlineData("device")]
    [InlineData("large")]
    public void Profile_ThatIsNoFile_WarnsOnceAndGoesOn(string kind)
    {
        Unix.Require();
        switch (kind)
        {
            case "pipe":
                Unix.MakePipe(Profile);
                break;
            case "device":
                File.CreateSymbolicLink(Profile, "/dev/zero");
                break;
            default:
                File.WriteAllBytes(Profile, new byte[2 << 20]);
                break;
        }

        string line = Assert.Single(RunWithProfile().Error.TrimEnd().Split('\n'));
        Assert.StartsWith($"edgert: warning: Ignored the tuning profile {Profile}: ", line, StringComparison.Ordinal);
        Assert.Equal(line.IndexOf(Profile, StringComparison.Ordinal), line.LastIndexOf(Profile, StringComparison.Ordinal));
    }

    [Fact]
    public void Profile_WithMoreThreadsThanProcessors_WarnsOnceAndIsBounded()
    {
        SaveProfile(threads: 1024);
        EdgertResult result = RunWithProfile("--draft", Edgert.Stories);
        AssertBounded(result);
        Assert.Equal(result.Json.GetProperty("text").GetString(), RunWithProfile("--no-tuning").Json.GetProperty("text").GetString());
    }

    [Fact]
    public void Threads_MoreThanProcessors_WarnOnceAndAreBounded() =>
        AssertBounded(RunWithProfile("-t", "1024", "--draft", Edgert.Stories));

    [Fact]
    public void Threads_AsManyAsProcessors_AreTakenWithoutAWord()
    {
        SaveProfile(Environment.ProcessorCount);
        EdgertResult result = RunWithProfile();
        Assert.Equal((Environment.ProcessorCount, ""), (result.Json.GetProperty("threads").GetInt32(), result.Error));
    }

    [Fact]
    public void Bench_MoreThreadsThanProcessors_WarnsAndMeasuresEachNumberOnce()
    {
        string[] threads = ["-t", $"{Environment.ProcessorCount},512,1024"];
        EdgertResult result = Edgert.Run(["bench", Edgert.Stories, "-p", "4", "-n", "0", "-r", "1", "-o", "jsonl", .. threads]).Expect(0);
        Assert.Single(result.Output.TrimEnd().Split('\n'));
        Assert.Contains("1024 threads were asked for", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void SideCar_ThatIsAPipe_IsMadeAnew()
    {
        Unix.Require();
        string[] command = ["run", Edgert.Stories, "-p", "Once", "--temp", "0", "-n", "4", "--packed-cache", _folder.Path];
        string expected = Edgert.Run(command).Expect(0).Output;
        string sideCar = Assert.Single(Directory.GetFiles(_folder.Path));
        File.Delete(sideCar);
        Unix.MakePipe(sideCar);
        Assert.Equal(expected, Edgert.Run(command).Expect(0).Output);
        File.Delete(sideCar);
        File.CreateSymbolicLink(sideCar, "/dev/zero");
        Assert.Equal(expected, Edgert.Run(command).Expect(0).Output);
        Assert.True(new FileInfo(sideCar) is { LinkTarget: null, Length: > 0 });
    }

    [Fact]
    public void Pull_PipeInPlaceOfThePartsVersion_IsRefusedInOneLine()
    {
        using var server = new FileServer(File.ReadAllBytes(Edgert.Stories));
        _folder.Write("model.gguf.part", "GGUF");
        string pipe = Unix.MakePipe(_folder.File("model.gguf.part.etag"));
        EdgertResult result = Edgert.Run("pull", server.Url("model.gguf"), "-o", _folder.Path).Expect(1);
        Assert.Contains($"edgert: error: {pipe}: is a pipe, expected a regular file", result.Error, StringComparison.Ordinal);
    }

    private string[] Fill(string[] command, string path) => Array.ConvertAll(command, word => word switch
    {
        "STORIES" => Edgert.Stories,
        "TEMPLATE" => _folder.Write("template.jinja", "x"),
        "FILE" => path,
        _ => word,
    });

    private static void AssertBounded(EdgertResult result)
    {
        Assert.Equal(Environment.ProcessorCount, result.Json.GetProperty("threads").GetInt32());
        string line = Assert.Single(result.Error.TrimEnd().Split('\n'));
        Assert.StartsWith("edgert: warning: 1024 threads were asked for; computing with ", line, StringComparison.Ordinal);
    }

    /// <summary>A line for each of the files, and the conversation that was there is there afterwards.</summary>
    private void AssertRefused(string[] paths)
    {
        string good = _folder.Write("good.json", "{\"system\": \"s\", \"messages\": [" + Message + "]}");
        string loads = string.Concat(paths.Select(path => $"/load {path}\n"));
        EdgertResult result = Edgert.RunWith($"/load {good}\n{loads}/stats\n/system\n", "chat", "-m", Edgert.Stories).Expect(0);
        string[] lines = [.. result.Error.Split('\n').Where(line => line.StartsWith("edgert: error: ", StringComparison.Ordinal))];
        Assert.Equal(paths.Length, lines.Length);
        foreach ((string path, string line) in paths.Zip(lines))
        {
            string named = path.Contains('\0', StringComparison.Ordinal) ? "" : $"{path}: ";
            Assert.StartsWith($"edgert: error: {named}", line, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("internal error", result.Error, StringComparison.Ordinal);
        Assert.Contains("messages  1", result.Error, StringComparison.Ordinal);
        Assert.Contains("system: s", result.Error, StringComparison.Ordinal);
    }

    private void SaveProfile(int threads)
    {
        using GgufFile file = GgufFile.Open(Edgert.Stories);
        string isa = Kernels.InstructionSet.Default.Name;
        new TuningProfile(TuningKey.Of(file), new TuningChoice(threads, isa, isa, KvCacheType.F16, 512), []).Save(Profile);
    }

    private EdgertResult RunWithProfile(params string[] options) => Edgert.RunIn(
        new Dictionary<string, string?> { ["EDGERUNTIME_PROFILES"] = _folder.Path, ["EDGERUNTIME_ISA"] = null },
        null,
        ["run", Edgert.Stories, "-p", "Once upon a time", "--temp", "0", "-n", "4", "--json", .. options]).Expect(0);
}

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.RegularExpressions;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Devices;

/// <summary>The command on ONNX Runtime's own kernels for the processor, whose library lies beside it.</summary>
public sealed class DeviceTests : IDisposable
{
    private const string Converting = "edgert: converting";

    private static readonly string[] s_greedy = ["--temp", "0", "-n", "24"];

    private readonly TemporaryFolder _folder = new();

    private string[] Device => ["--device", "onnx-cpu", "--device-cache", _folder.File("cache")];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Logits_Exact_AreThoseOfTheBuiltInEngine()
    {
        float[] expected = Logits("expected", []);
        float[] found = Logits("found", Device);
        Assert.InRange(LogitsFiles.NormalizedError(found, expected), 0, 1e-5);
    }

    [Fact]
    public void Run_Greedy_GivesTheTextOfTheBuiltInEngine()
    {
        string[] run = ["run", Edgert.Stories, "-p", "Once upon a time", "--no-template", .. s_greedy];
        string expected = Edgert.Run(run).Expect(0).Output;
        JsonElement found = Edgert.Run([.. run, .. Device, "--json"]).Expect(0).Json;
        Assert.Equal(expected, found.GetProperty("text").GetString());
        Assert.Equal("onnx-cpu (ONNX Runtime)", found.GetProperty("isa").GetString());
    }

    [Fact]
    public void Chat_OfTwoTurns_AnswersAsTheBuiltInEngine()
    {
        const string Turns = "A dog\nand a cat\n";
        string[] chat = ["chat", Edgert.Stories, "--no-template", .. s_greedy];
        Assert.Equal(Edgert.RunWith(Turns, chat).Expect(0).Output, Edgert.RunWith(Turns, [.. chat, .. Device]).Expect(0).Output);
    }

    [Fact]
    public void Chat_Split_AnswersAsTheBuiltInEngine()
    {
        string story = string.Concat(Enumerable.Repeat("A dog and a cat went to the park. ", 4));
        string turns = $"{story}\nand then\n{story}\n";
        string[] chat = ["chat", Edgert.Stories, "--no-template", .. s_greedy];
        string[] split = [.. chat, .. Device, "--split"];
        Assert.Equal(Edgert.RunWith(turns, chat).Expect(0).Output, Edgert.RunWith(turns, split).Expect(0).Output);
        string[] run = ["run", Edgert.Stories, "-p", "x", "-n", "1"];
        string name = Edgert.Run([.. run, "--json", .. Device, "--split"]).Expect(0).Json.GetProperty("isa").GetString()!;
        Assert.StartsWith("onnx-cpu (ONNX Runtime) for prompts, CPU (", name, StringComparison.Ordinal);
        Edgert.Run([.. run, "--split"]).ExpectErrorLine(2);
        Edgert.Run([.. run, "--device", "auto", "--split"]).ExpectErrorLine(2);
    }

    [Fact]
    public void Run_SecondTime_UsesTheCacheUnlessItIsDamaged()
    {
        string[] run = ["run", Edgert.Stories, "-p", "Once", "--no-template", .. s_greedy, .. Device];
        EdgertResult first = Edgert.Run(run).Expect(0);
        Assert.Contains(Converting, first.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Converting, Edgert.Run(run).Expect(0).Error, StringComparison.Ordinal);

        string entry = Directory.GetDirectories(_folder.File("cache")).Single();
        using (FileStream data = File.OpenWrite(Path.Combine(entry, "model.onnx.data")))
        {
            data.Position = data.Length / 2;
            data.WriteByte(0x5a);
            data.WriteByte(0xa5);
        }

        EdgertResult repaired = Edgert.Run(run).Expect(0);
        Assert.Contains(Converting, repaired.Error, StringComparison.Ordinal);
        Assert.Equal(first.Output, repaired.Output);
    }

    [Fact]
    public void Run_WithoutACache_WritesNoFile()
    {
        string[] run = ["run", Edgert.Stories, "-p", "Once", "--no-template", .. s_greedy];
        var environment = new Dictionary<string, string?> { ["TMPDIR"] = _folder.Path, ["XDG_DATA_HOME"] = _folder.Path };
        EdgertResult found = Edgert.RunIn(environment, null, [.. run, "--device", "onnx-cpu", "--no-cache"]).Expect(0);
        Assert.Contains(Converting, found.Error, StringComparison.Ordinal);
        Assert.Equal(Edgert.Run(run).Expect(0).Output, found.Output);
        Assert.Empty(Directory.GetFiles(_folder.Path, "*onnx*", SearchOption.AllDirectories));
    }

    [Fact]
    public void Run_WithAFallback_UsesTheBuiltInEngineWhereTheDeviceIsMissing()
    {
        string[] run = ["run", Edgert.Stories, "-p", "Once", "--no-template", .. s_greedy];
        string refusal = Edgert.Run([.. run, "--device", "qnn"]).ExpectErrorLine(1);
        Assert.Contains("has no provider QNN", refusal, StringComparison.Ordinal);
        Assert.Contains("--fallback cpu", refusal, StringComparison.Ordinal);
        EdgertResult found = Edgert.Run([.. run, "--device", "qnn", "--fallback", "cpu"]).Expect(0);
        Assert.Equal(Edgert.Run(run).Expect(0).Output, found.Output);
        Assert.Matches("^edgert: warning: .* runs on the built-in engine instead: qnn: [^\n]*\n$", found.Error);
        Edgert.Run([.. run, "--device", "qnn", "--fallback", "gpu"]).ExpectErrorLine(2);
        Edgert.Run([.. run, "--fallback", "cpu"]).ExpectErrorLine(2);
    }

    [Fact]
    public void Bench_WithAFallback_WarnsAndNamesTheEngineThatItMeasures()
    {
        string[] bench = ["bench", Edgert.Stories, "-p", "8", "-n", "2", "-r", "1", "-t", "1", "-o", "jsonl", "--device", "qnn"];
        Assert.Single(Regex.Matches(Edgert.Run(bench).Expect(1).Error, "edgert: error: .*--fallback cpu"));
        Assert.Single(Regex.Matches(Edgert.Run(bench).Expect(1).Error, "edgert: error: "));
        EdgertResult found = Edgert.Run([.. bench, "--fallback", "cpu"]).Expect(0);
        Assert.Single(Regex.Matches(found.Error, "edgert: warning: .* runs on the built-in engine instead: qnn: "));
        string isa = $"\"isa\":\"{ProcessorInfo.GetInstructionSet()}\"";
        Assert.All(found.Output.Trim().Split('\n'), line => Assert.Contains(isa, line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(2, "expected KEY=VALUE", "threads")]
    [InlineData(2, "expected KEY=VALUE", "=1")]
    [InlineData(2, "a is given twice", "a=1", "a=2")]
    [InlineData(1, "no such option: a", "a=1")]
    public void Run_WithWrongDeviceOptions_IsOneLine(int code, string problem, params string[] options)
    {
        string[] given = [.. options.SelectMany(option => (string[])["--device-option", option])];
        string line = Edgert.Run(["run", Edgert.Stories, "-p", "x", .. Device, .. given]).ExpectErrorLine(code);
        Assert.Contains(problem, line, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.File("cache")));
    }

    [Fact]
    public void Cache_ListAndRemove_ShowAndDeleteWhatWasConverted()
    {
        string[] cache = ["--device-cache", _folder.File("cache")];
        Assert.Empty(Edgert.Run(["cache", "list", "--json", .. cache]).Expect(0).Json.EnumerateArray());
        Edgert.Run(["run", Edgert.Stories, "-p", "Once", "--no-template", "-n", "1", .. Device]).Expect(0);
        JsonElement entry = Assert.Single(Edgert.Run(["cache", "list", "--json", .. cache]).Expect(0).Json.EnumerateArray());
        Assert.Equal("onnx-cpu", entry.GetProperty("device").GetString());
        Assert.Equal(Path.GetFullPath(Edgert.Stories), entry.GetProperty("model").GetString());
        Edgert.Run(["cache", "rm", "other", .. cache]).ExpectErrorLine(1);
        Edgert.Run(["cache", "rm", entry.GetProperty("name").GetString()!, .. cache]).Expect(0);
        Assert.Empty(Directory.GetDirectories(_folder.File("cache")));
    }

    [Fact]
    public void Devices_OfThisMachine_SayWhyOthersAreMissing()
    {
        JsonElement[] devices = [.. Edgert.Run("devices", Edgert.Stories, "--json").Expect(0).Json.EnumerateArray()];
        Assert.Equal(["cpu", "onnx-cpu"], devices.Take(2).Select(device => device.GetProperty("name").GetString()));
        Assert.All(devices.Take(2), device => Assert.True(device.GetProperty("available").GetBoolean()));
        JsonElement cuda = devices.Single(device => device.GetProperty("name").GetString() == "cuda");
        Assert.Contains("CUDA 13", cuda.GetProperty("problem").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cuda", "has no provider CUDA")]
    [InlineData("qnn", "has no provider QNN")]
    public void Run_OnAMissingDevice_IsOneLineBeforeAnyConversion(string device, string reason)
    {
        string line = Edgert.Run(["run", Edgert.Stories, "-p", "x", "--device", device, "--device-cache", _folder.File("cache")])
            .ExpectErrorLine(1);
        Assert.Contains(reason, line, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.File("cache")));
    }

    [Fact]
    public void Run_WithABrokenLibrary_IsOneLine()
    {
        string broken = _folder.Write("libonnxruntime.so", "no library");
        Assert.Contains("can't be loaded", RunWithLibrary(broken), StringComparison.Ordinal);
        Assert.Contains("no such library", RunWithLibrary(_folder.File("absent.so")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}", "model is missing")]
    [InlineData("[", "not valid JSON")]
    public void Run_AFolderWithADamagedDescription_IsOneLine(string description, string problem)
    {
        _folder.Write("genai_config.json", description);
        Assert.Contains(problem, Edgert.Run("run", _folder.Path, "-p", "x").ExpectErrorLine(1), StringComparison.Ordinal);
    }

    [Fact]
    public void Run_WithAnOldLibrary_IsOneLine()
    {
        const int NoCompiler = 77;
        string source = _folder.Write("old.c", """
            static const char *version(void) { return "1.22.0"; }
            static const void *api(unsigned number) { return 0; }
            static const void *table[] = { (const void *)api, (const void *)version };
            const void *OrtGetApiBase(void) { return table; }
            """);
        string library = _folder.File("libonnxruntime.so");
        EdgertResult found = Edgert.Shell(
            $"command -v gcc >/dev/null || exit {NoCompiler}; gcc -shared -fPIC -o {library} {source} "
            + $"&& EDGERUNTIME_ORT_PATH={library} $EDGERT run $MODEL -p x --device onnx-cpu");
        Assert.SkipWhen(found.ExitCode == NoCompiler, "needs gcc");
        Assert.Contains("ONNX Runtime 1.22.0 is too old; expected 1.30 or later", found.ExpectErrorLine(1), StringComparison.Ordinal);
    }

    [Fact]
    public void Run_OnTheFastestDevice_AnswersAsTheBuiltInEngine()
    {
        string[] run = ["run", Edgert.Stories, "-p", "Once upon a time", "--no-template", .. s_greedy];
        EdgertResult found = Edgert.Run([.. run, "--device", "auto", "--device-cache", _folder.File("cache")]).Expect(0);
        Assert.Equal(Edgert.Run(run).Expect(0).Output, found.Output);
        Edgert.Run([.. run, "--device", "auto", "--no-cache"]).ExpectErrorLine(2);
    }

    [Fact]
    public void Run_DeviceOptionsWithoutADevice_AreRefused()
    {
        Edgert.Run("run", Edgert.Stories, "-p", "x", "--no-cache").ExpectErrorLine(2);
        Edgert.Run("run", Edgert.Stories, "-p", "x", "--device", "gpu").ExpectErrorLine(2);
    }

    private static string RunWithLibrary(string path) => Edgert.RunIn(
        new Dictionary<string, string?> { ["EDGERUNTIME_ORT_PATH"] = path },
        null,
        "run", Edgert.Stories, "-p", "x", "--device", "onnx-cpu").ExpectErrorLine(1);

    private float[] Logits(string name, string[] device)
    {
        string path = _folder.File(name);
        Edgert.Run(
            ["logits", Edgert.Stories, "--exact", "--chunk", "5", "--ids", "1,403,407,261,378,290,311,400,9,30,31", "-o", path, .. device])
            .Expect(0);
        return LogitsFiles.Read(path);
    }
}

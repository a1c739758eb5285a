using System;
using System.IO;
using System.Text.Json;
using EdgeRuntime.Cli.Tests.Support;
using EdgeRuntime.Quantization;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Commands;

public sealed class QuantizeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static string TinyNovel => SharedData.Require("models/tiny-novel-F16.gguf");

    private static string Importance => SharedData.Require("models/tiny-novel.imatrix.gguf");

    public void Dispose() => _folder.Dispose();

    /// <summary>The sizes of files that llama.cpp v0.5.0 makes, to the byte.</summary>
    [Theory]
    [InlineData("Q8_0", 7_948_672)]
    [InlineData("Q5_0", 5_335_424)]
    [InlineData("Q4_K_M", 4_785_536)]
    [InlineData("Q3_K_L", 4_321_664)]
    [InlineData("TQ1_0", 2_337_152)]
    public void Quantize_TinyNovel_HasTheSizeOfLlamaCpps(string type, long bytes)
    {
        string path = _folder.File("out.gguf");
        string output = Edgert.Run("quantize", TinyNovel, path, type).Expect(0).Output;
        Assert.StartsWith(type + ": ", output, StringComparison.Ordinal);
        Assert.Equal(bytes, new FileInfo(path).Length);
        Assert.Equal([path], Directory.GetFiles(_folder.Path));
    }

    /// <summary>
    /// Perplexities that llama.cpp's files of the same types have, with the importance matrix where it is named, and at most 0.5 % more.
    /// </summary>
    [Theory]
    [Trait("Speed", "Slow")]
    [InlineData("Q4_0", 50.90, false)]
    [InlineData("Q4_K_M", 50.60, true)]
    [InlineData("Q3_K_S", 50.97, true)]
    [InlineData("Q2_K", 51.14, true)]
    [InlineData("IQ4_XS", 50.81, true)]
    public void Quantize_TinyNovel_PredictsAsWellAsLlamaCpps(string type, double expected, bool hasImportance)
    {
        string path = _folder.File("out.gguf");
        string[] importance = hasImportance ? ["--imatrix", Importance] : [];
        Edgert.Run(["quantize", TinyNovel, path, type, .. importance]).Expect(0);
        string text = SharedData.Require("text/novel-test.txt");
        JsonElement result = Edgert.Run("eval", "perplexity", path, "-f", text, "--ctx", "256", "--json").Expect(0).Json;
        Assert.InRange(result.GetProperty("perplexity").GetDouble(), 1, expected * 1.005);
    }

    [Fact]
    public void DryRun_ShowsEachTensorAndWritesNothing()
    {
        string output = Edgert.Run("quantize", Edgert.Stories, "Q4_K_M", "--dry-run", "--tensor-type", "ffn_up=Q8_0").Expect(0).Output;
        Assert.Contains("instead of Q6_K: 64 columns", output, StringComparison.Ordinal);
        Assert.Contains("because their rows are not whole blocks", output, StringComparison.Ordinal);
        Assert.DoesNotContain("changes nothing", output, StringComparison.Ordinal);
        output = Edgert.Run("quantize", Edgert.Stories, "Q8_0", "--dry-run", "--tensor-type", "fnn_up=Q4_0").Expect(0).Output;
        Assert.Contains("--tensor-type fnn_up=Q4_0 changes nothing", output, StringComparison.Ordinal);
        JsonElement plan = Edgert.Run("quantize", Edgert.Stories, _folder.File("x.gguf"), "q4_0", "--dry-run", "--json").Expect(0).Json;
        Assert.Equal("Q4_0", plan.GetProperty("type").GetString());
        Assert.Contains(plan.GetProperty("tensors").EnumerateArray(), tensor =>
            tensor.GetProperty("name").GetString() == "blk.0.ffn_up.weight" && tensor.GetProperty("new_type").GetString() == "Q4_0");
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Quantize_WrongArguments_AreOneLine()
    {
        string source = _folder.File("model.gguf");
        string output = _folder.File("out.gguf");
        string existing = _folder.Write("there.gguf", "kept");
        File.Copy(Edgert.Stories, source);
        (int Code, string Expected, string[] Arguments)[] cases =
        [
            (2, "expected: edgert quantize IN.gguf OUT.gguf TYPE", [source, output]),
            (1, "no type 'Q9'; use one of: F32, F16", [source, output, "Q9"]),
            (1, "nowhere.gguf", [_folder.File("nowhere.gguf"), output, "Q8_0"]),
            (1, "is the input too", [source, source, "Q8_0", "--force"]),
            (1, "exists already; --force replaces it", [source, existing, "Q8_0"]),
            (1, "expected the name of a file, found an empty text", [source, "", "Q8_0"]),
            (1, "is a folder", [source, _folder.Path, "Q8_0"]),
            (1, "no such folder", [source, _folder.File("no/such/out.gguf"), "Q8_0"]),
            (2, "expected REGEX=TYPE", [source, output, "Q8_0", "--tensor-type", "ffn"]),
            (2, "no tensor type 'Q9'; use one of", [source, output, "Q8_0", "--tensor-type", "ffn=Q9"]),
            (1, "is not a regular expression", [source, output, "Q8_0", "--tensor-type", "(=Q8_0"]),
            (2, "no tensor type 'X'", [source, output, "Q8_0", "--output-tensor-type", "X"]),
            (1, "no such file", [source, output, "Q8_0", "--imatrix", _folder.File("none.gguf")]),
            (1, "name an importance matrix, not a model", [source, output, "Q8_0", "--imatrix", source]),
            (1, "allow it with --allow-requantize", [Edgert.SmolLm, output, "Q8_0"]),
            (1, "requires an importance matrix", [TinyNovel, output, "Q2_K_S"]),
            (1, "'token_embd.weight' becomes IQ1_S", [TinyNovel, output, "Q8_0", "--tensor-type", "token_embd=IQ1_S"]),
            (1, "the importance matrix is of another model", [source, output, "Q8_0", "--imatrix", Importance]),
        ];
        foreach ((int code, string expected, string[] arguments) in cases)
        {
            Assert.Contains(
                expected, Edgert.Run(["quantize", .. arguments]).ExpectErrorLine(code), StringComparison.Ordinal);
        }

        Assert.Equal("kept", File.ReadAllText(existing));
        Assert.Equal(2, Directory.GetFiles(_folder.Path).Length);
    }

    [Fact]
    public void Quantize_MoreThanAFileMayHold_LeavesNothing()
    {
        string output = _folder.File("out.gguf");
        string line = SizeLimit.Run(100, null, "quantize", TinyNovel, output, "Q8_0").ExpectErrorLine(1);
        Assert.Contains("larger than this process or file system allows", line, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Help_ListsAllTypes()
    {
        string help = Edgert.Run("quantize", "--help").Expect(0).Output;
        Assert.All(QuantizationMix.All, mix => Assert.Contains(mix.Name, help, StringComparison.Ordinal));
    }
}

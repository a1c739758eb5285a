using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using EdgeRuntime.Cli.Tests.Support;
using EdgeRuntime.Gguf;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Commands;

public sealed class GgufTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Set_ValuesThatFit_AreWrittenInPlace()
    {
        string path = Copy();
        long length = new FileInfo(path).Length;
        Edgert.Run("gguf", "set", path, "llama.context_length=77", "general.name=abcde").Expect(0);
        Assert.Equal(length, new FileInfo(path).Length);
        using GgufFile file = GgufFile.Open(path);
        Assert.Equal(77, file.Metadata.GetInt32("llama.context_length"));
        Assert.Equal(1, Compare(Edgert.Stories, path).ExitCode);
    }

    [Fact]
    public void Set_OtherValues_KeepEverythingElse()
    {
        string path = Copy();
        Edgert.Run("gguf", "set", path, "general.name=another name", "--remove", "llama.rope.dimension_count").Expect(0);
        Edgert.Run("gguf", "set", path, "a.list=[1, -2]", "--type", "i32[]").Expect(0);
        Edgert.Run("gguf", "set", path, "a.flag=true", "--type", "bool").Expect(0);
        using GgufFile file = GgufFile.Open(path);
        Assert.Equal("another name", file.Metadata.GetString("general.name"));
        Assert.Equal([1, -2], file.Metadata.GetInt32s("a.list").ToArray());
        Assert.True(file.Metadata.GetBoolean("a.flag"));
        JsonElement difference = Compare(Edgert.Stories, path, "--json").Json;
        Assert.Equal(
            ["a.flag", "a.list", "general.name", "llama.rope.dimension_count"],
            difference.GetProperty("keys").EnumerateArray().Select(key => key.GetProperty("key").GetString()).Order());
        Assert.Equal(0, difference.GetProperty("tensors").GetArrayLength());
    }

    /// <summary>The message names the file that can't be written, and nothing is left of the new files.</summary>
    [Fact]
    public void SplitAndMerge_BeyondTheSizeLimit_NameTheNewFileAndLeaveNothing()
    {
        string model = Copy();
        string parts = _folder.File("part.gguf");
        string line = SizeLimit.Run(100, null, "gguf", "split", model, parts, "--max-size", "300K").ExpectErrorLine(1);
        Assert.StartsWith($"edgert: error: {_folder.File("part-00001-of-")}", line, StringComparison.Ordinal);
        Assert.Contains(".gguf: the file would be larger than", line, StringComparison.Ordinal);
        string whole = _folder.File("whole.gguf");
        line = SizeLimit.Run(100, null, "gguf", "merge", model, whole).ExpectErrorLine(1);
        Assert.StartsWith($"edgert: error: {whole}: the file would be larger than", line, StringComparison.Ordinal);
        Assert.Equal([model], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Set_WrongArguments_AreOneLineAndChangeNothing()
    {
        string path = Copy();
        Refused(2, "expected: edgert gguf set", "set", path);
        Refused(2, "expected KEY=VALUE", "set", path, "general.name");
        Refused(1, "give a type for a new one", "set", path, "new.key=1");
        Refused(1, "no type 'int'", "set", path, "new.key=1", "--type", "int");
        Refused(1, "expected a value of the type u32", "set", path, "llama.context_length=-1");
        Refused(1, "expected a JSON array", "set", path, "tokenizer.ggml.tokens=abc");
        Refused(1, "can't be changed", "set", path, "general.alignment=64");
        Refused(1, "no such key to remove", "set", path, "--remove", "no.key");
        Refused(1, "found twice", "set", path, "general.name=a", "general.name=b");
        Refused(1, "no such file", "set", _folder.File("none.gguf"), "general.name=a");
        Assert.Equal(File.ReadAllBytes(Edgert.Stories), File.ReadAllBytes(path));
    }

    [Fact]
    public void SplitAndMerge_GiveTheSameModel()
    {
        string parts = _folder.File("part.gguf");
        string[] names = Edgert.Run("gguf", "split", Edgert.Stories, parts, "--max-size", "300K").Expect(0).Output.TrimEnd().Split('\n');
        Assert.True(names.Length > 2);
        Assert.EndsWith($"part-00001-of-{names.Length:D5}.gguf", names[0], StringComparison.Ordinal);
        Assert.All(names.Skip(1), name => Assert.InRange(new FileInfo(name).Length, 1, 350_000));
        string whole = _folder.File("whole.gguf");
        Edgert.Run("gguf", "merge", names[1], whole).Expect(0);
        Assert.Equal("The files have the same metadata and tensors.\n", Compare(Edgert.Stories, whole).Expect(0).Output);
        Refused(1, "is the input too", "merge", names[0], names[2], "--force");
        Refused(1, "exists already", "merge", names[0], whole);
        Refused(2, "--max-size x", "split", whole, parts, "--max-size", "x");
    }

    [Fact]
    public void Diff_AnotherType_ShowsTheError()
    {
        string path = _folder.File("q8.gguf");
        Edgert.Run("quantize", Edgert.Stories, path, "Q8_0").Expect(0);
        JsonElement[] tensors = [.. Compare(Edgert.Stories, path, "--json").Expect(1).Json.GetProperty("tensors").EnumerateArray()];
        JsonElement up = tensors.Single(tensor => tensor.GetProperty("name").GetString() == "blk.0.ffn_up.weight");
        Assert.StartsWith("F32 [", up.GetProperty("a").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("Q8_0 [", up.GetProperty("b").GetString(), StringComparison.Ordinal);
        Assert.InRange(up.GetProperty("relative_error").GetDouble(), 1e-4, 1e-2);
    }

    /// <summary>The exported tokenizer gives the tokens of the file, with the reader of such folders.</summary>
    [Theory]
    [InlineData("models/SmolLM2-135M-Instruct-Q4_1.gguf")]
    [InlineData("models/stories260K.gguf")]
    [InlineData("models/tiny-novel-F16.gguf")]
    public void ExportTokenizer_GivesTheSameTokens(string model)
    {
        string path = SharedData.Require(model);
        string folder = _folder.File("tokenizer");
        Edgert.Run("gguf", "export-tokenizer", path, folder).Expect(0);
        var expected = Tokenizer.FromGguf(path);
        var exported = Tokenizer.FromHuggingFace(folder);
        string[] texts =
        [
            "", "a", "Once upon a time, there was a girl.", "  two  spaces ", "äöü 漢字 🚀 12345 I'll\n\n\tgo",
            "<|im_start|>user\nHi<|im_end|>",
        ];
        foreach (string text in texts)
        {
            Assert.Equal(expected.Encode(text), exported.Encode(text));
            Assert.Equal(expected.Encode(text, parseSpecial: true), exported.Encode(text, parseSpecial: true));
        }

        Refused(1, "exists already", "export-tokenizer", path, folder);
    }

    [Fact]
    public void ExportTokenizer_OfAnotherKind_IsRefusedByName()
    {
        string model = SharedData.Require("models/all-MiniLM-L6-v2-Q8_0.gguf");
        Refused(1, "the tokenizer model \"bert\" can't be written", "export-tokenizer", model, _folder.File("tokenizer"));
        Assert.False(Directory.Exists(_folder.File("tokenizer")));
    }

    private static EdgertResult Compare(string left, string right, params string[] options) =>
        Edgert.Run(["gguf", "diff", left, right, .. options]);

    private static void Refused(int code, string expected, params string[] arguments) => Assert.Contains(
        expected, Edgert.Run(["gguf", .. arguments]).ExpectErrorLine(code), StringComparison.Ordinal);

    private string Copy()
    {
        string path = _folder.File("model.gguf");
        File.Copy(Edgert.Stories, path);
        return path;
    }
}

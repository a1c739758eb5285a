using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Commands;

/// <summary><c>edgert quantize --report</c>.</summary>
public sealed class QuantizeReportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Report_Stories_ShowsEachTensor()
    {
        string page = _folder.File("report.html");
        string table = Edgert.Run(
            "quantize", "--report", Edgert.Stories, "--types", "q8_0,Q4_0,Q4_K", "--bits", "4", "--html", page).Expect(0).Output;
        Assert.Contains("blk.0.ffn_up.weight", table, StringComparison.Ordinal);
        Assert.Contains("4b group asym", table, StringComparison.Ordinal);
        Assert.Contains("\nQ4_K: no column, because no row is whole blocks of the type", table, StringComparison.Ordinal);
        string html = File.ReadAllText(page);
        Assert.Contains(">4b group asym</text>", html, StringComparison.Ordinal);
        Assert.Contains("blk.0.ffn_up.weight", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
        Assert.Equal([page], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Report_Json_HasErrorsThatFallWithTheBits()
    {
        JsonElement json = Edgert.Run("quantize", "--report", Edgert.Stories, "--types", "Q8_0,Q4_0", "--sample", "2048", "--json")
            .Expect(0).Json;
        JsonElement tensor = json.GetProperty("tensors").EnumerateArray()
            .Single(static tensor => tensor.GetProperty("name").GetString() == "token_embd.weight");
        Assert.Equal((512, 32), (tensor.GetProperty("rows").GetInt32(), tensor.GetProperty("measured_rows").GetInt32()));
        double Error(string way) => tensor.GetProperty("errors").EnumerateArray()
            .Single(error => error.GetProperty("name").GetString() == way).GetProperty("relative_error").GetDouble();
        Assert.True(Error("Q8_0") < Error("Q4_0") && Error("4b group asym") < Error("4b row asym"));
        Assert.True(Error("4b row sym") < Error("4b tensor sym") && Error("8b tensor sym") < Error("4b group asym"));
    }

    [Theory]
    [InlineData(2, "expected: edgert quantize --report MODEL.gguf", "a.gguf", "b.gguf", "--report")]
    [InlineData(2, "--types has no meaning without --report", "a.gguf", "b.gguf", "Q8_0", "--types", "Q8_0")]
    [InlineData(2, "--pure has no meaning with --report", "a.gguf", "--report", "--pure")]
    [InlineData(2, "--types: no tensor type 'Q9'; use one of", "a.gguf", "--report", "--types", "Q8_0,Q9")]
    [InlineData(2, "expected numbers of 2 to 8", "a.gguf", "--report", "--bits", "16")]
    [InlineData(1, "nowhere.gguf", "nowhere.gguf", "--report")]
    public void Report_WrongArguments_AreOneLine(int code, string expected, params string[] arguments) =>
        Assert.Contains(expected, Edgert.Run(["quantize", .. arguments]).ExpectErrorLine(code), StringComparison.Ordinal);
}

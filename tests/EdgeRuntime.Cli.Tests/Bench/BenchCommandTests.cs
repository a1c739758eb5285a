using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using EdgeRuntime.Cli.Bench;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Bench;

public sealed class BenchCommandTests
{
    private static readonly string[] Small = ["bench", Edgert.Stories, "-p", "16", "-n", "4", "-d", "0,8", "-r", "2", "-t", "1"];

    [Fact]
    public void Bench_Jsonl_HasAnObjectForEachTest()
    {
        string[] lines = Edgert.Run([.. Small, "-o", "jsonl"]).Expect(0).Output.TrimEnd().Split('\n');
        JsonElement[] rows = [.. lines.Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal(["pp16", "tg4", "pp16@d8", "tg4@d8"], rows.Select(row => row.GetProperty("test").GetString()));
        Assert.All(rows, row =>
        {
            Assert.Equal(2, row.GetProperty("samples_ts").GetArrayLength());
            Assert.True(row.GetProperty("median_ts").GetDouble() > 0);
            Assert.True(row.GetProperty("ttft_cold_s").GetDouble() > row.GetProperty("ttft_warm_s").GetDouble());
            Assert.True(row.GetProperty("peak_memory_bytes").GetInt64() > row.GetProperty("model_size").GetInt64());
            Assert.Equal("f16", row.GetProperty("type_k").GetString());
        });
        Assert.True(rows[3].GetProperty("bytes_per_token").GetDouble() > rows[1].GetProperty("bytes_per_token").GetDouble());
        Assert.False(rows[0].TryGetProperty("latency_p50_ms", out _));
        Assert.True(rows[1].GetProperty("latency_max_ms").GetDouble() >= rows[1].GetProperty("latency_p50_ms").GetDouble());
    }

    [Theory]
    [InlineData("md", "| llama ")]
    [InlineData("csv", "cpu_info,os_info")]
    [InlineData("table", "pp16")]
    [InlineData("html", "<svg")]
    public void Bench_Format_IsWritten(string format, string expected)
    {
        string output = Edgert.Run([.. Small, "-o", format]).Expect(0).Output;
        Assert.Contains(expected, output, StringComparison.Ordinal);
        Assert.DoesNotContain("http://", output.Replace("http://www.w3.org", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("expected libllama=PATH", "--compare", "elsewhere")]
    [InlineData("no such file or folder", "--compare", "libllama=/nowhere/at/all")]
    [InlineData("expected numbers of 0 to", "-p", "many")]
    [InlineData("expected numbers of 0 to", "-n", "1,,2")]
    [InlineData("expected numbers of 1 to 1024", "-t", "2000")]
    [InlineData("expected 1 or more", "-r", "0")]
    [InlineData("-o pdf: expected table, md, csv, jsonl, html", "-o", "pdf")]
    [InlineData("nothing to measure", "-p", "0", "-n", "0")]
    [InlineData("expected: edgert bench --requantize", "--requantize", "libllama=/nowhere")]
    [InlineData("instruction set 'mmx' is unknown", "--isa", "mmx")]
    public void Bench_WrongArguments_AreOneLine(string expected, params string[] arguments)
    {
        EdgertResult result = Edgert.Run(["bench", Edgert.Stories, .. arguments]);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(expected, result.ExpectErrorLine(result.ExitCode), StringComparison.Ordinal);
    }

    [Fact]
    public void Compare_FolderWithoutTheLibrary_SaysSo()
    {
        using var folder = new TemporaryFolder();
        string line = Edgert.Run("bench", Edgert.Stories, "--compare", "libllama=" + folder.Path).ExpectErrorLine(1);
        Assert.Contains("no libllama in this folder", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Compare_FileThatIsNoLibrary_SaysSo()
    {
        using var folder = new TemporaryFolder();
        foreach (string name in (string[])["llama", "ggml", "ggml-base"])
        {
            folder.Write(OperatingSystem.IsWindows() ? name + ".dll" : $"lib{name}.so", "not a library");
        }

        string line = Edgert.Run("bench", Edgert.Stories, "--compare", "libllama=" + folder.Path).ExpectErrorLine(1);
        Assert.Contains("not llama.cpp 0.5.0", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_SeveralDepths_ArePartOfPrefillAndDecodeTests() => Assert.Equal(
        ["pp64", "pp512", "tg8", "pp64@d100", "pp512@d100", "tg8@d100"], BenchTest.Plan([64, 0, 512], [8], [0, 100]).Select(test => test.Name));

    [Fact]
    public void Bench_Lists_MayHaveBlanksRepeatsAndSeveralOptions()
    {
        string output = Edgert.Run("bench", Edgert.Stories, "-p", "8, 16", "-p", "8,4", "-n", "0", "-r", "1", "-t", "1", "-o", "jsonl").Expect(0).Output;
        string[] tests = [.. output.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement.GetProperty("test").GetString()!)];
        Assert.Equal(["pp8", "pp16", "pp4"], tests);
    }

    [Fact]
    public void WriteCsv_CommasAndQuotes_AreQuoted()
    {
        using var output = new StringWriter();
        BenchReport.WriteCsv([new BenchRow { { "a", "x,\"y\"" }, { "b", 1.5 } }, new BenchRow { { "b", 2 } }], output);
        Assert.Equal("a,b\n\"x,\"\"y\"\"\",1.5\n,2\n", output.ToString());
    }
}

using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Xml.Linq;
using EdgeRuntime.Cli.Bench;
using EdgeRuntime.Cli.Bench.Plan;
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
    [InlineData("table", "pp8")]
    [InlineData("html", "<svg")]
    public void Bench_Format_IsWritten(string format, string expected)
    {
        string output = Edgert.Run("bench", Edgert.Stories, "-p", "8", "-n", "0", "-r", "1", "-t", "1", "-o", format).Expect(0).Output;
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
    [InlineData("--energy has no meaning beside --compare", "--compare", "libllama=/nowhere", "--energy", "rapl")]
    [InlineData("--pairs has no meaning without --compare", "--pairs", "3")]
    [InlineData("--start has no meaning without --compare", "--start")]
    [InlineData("--no-mmap has no meaning without --compare", "--no-mmap")]
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
        ["pp64", "pp512", "tg8", "pp64@d100", "pp512@d100", "tg8@d100"],
        BenchTest.Plan([64, 0, 512], [8], [0, 100]).Select(test => test.Name));

    [Fact]
    public void Bench_Lists_MayHaveBlanksRepeatsAndSeveralOptions()
    {
        string output = Edgert.Run("bench", Edgert.Stories, "-p", "8, 16", "-p", "8,4", "-n", "0", "-r", "1", "-t", "1", "-o", "jsonl")
            .Expect(0).Output;
        string[] tests =
            [.. output.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement.GetProperty("test").GetString()!)];
        Assert.Equal(["pp8", "pp16", "pp4"], tests);
    }

    [Theory]
    [InlineData(int.MaxValue, 1)]
    [InlineData(80, 2)]
    [InlineData(10, 4)]
    public void WriteTable_Width_PutsTheColumnsIntoParts(int width, int parts)
    {
        BenchRow[] rows =
        [
            new() { { "model", "a-model-of-some-length.gguf" }, { "type", "Q4_K_M" }, { "threads", 2 }, { "test", "pp512" },
                { "ours_ts", 1234.5 }, { "peer_ts", 1.0 } },
            new() { { "model", "b.gguf" }, { "type", "Q4_0" }, { "threads", 2 }, { "test", "tg128" }, { "ours_ts", 12.0 },
                { "peer_ts", 3.0 }, { "ratio", 4.0 } },
        ];
        using var output = new StringWriter();
        BenchReport.WriteTable(rows, BenchColumn.Comparison, width, output);
        string[] lines = output.ToString().Split('\n');
        Assert.Equal(parts, lines.Count(line => line.Contains("a-model-of-some-length.gguf", StringComparison.Ordinal)));
        Assert.Equal(parts, lines.Count(
            line => line.Contains("threads", StringComparison.Ordinal) && line.Contains("test", StringComparison.Ordinal)));
        Assert.All(
            (string[])["type", "ours tok/s", "peer tok/s", "ratio", "1234.50", "4.000"],
            text => Assert.Contains(text, output.ToString(), StringComparison.Ordinal));
        Assert.All(lines, line => Assert.True(width < 80 || line.TrimEnd().Length <= width, line));
    }

    [Fact]
    public void WriteMarkdown_TwoFilesOfOneKind_ShowsTheirNames()
    {
        BenchRow row = new() { { "model_type", "llama 1M" }, { "model_filename", "a.gguf" } };
        BenchRow other = new() { { "model_type", "llama 1M" }, { "model_filename", "b.gguf" } };
        Assert.Contains("a.gguf", Markdown(row, other), StringComparison.Ordinal);
        Assert.DoesNotContain("a.gguf", Markdown(row, row), StringComparison.Ordinal);
        Assert.Equal(["a.gguf llama 1M ,  threads", "b.gguf llama 1M ,  threads"], BenchPlot.Labels([row, other]));

        static string Markdown(params BenchRow[] rows)
        {
            using var output = new StringWriter();
            BenchReport.WriteMarkdown(rows, BenchColumn.Measurement, output);
            return output.ToString();
        }
    }

    [Fact]
    public void WriteHtml_LongNames_HaveRoomInThePlots()
    {
        const string Name = "a-model-with-a-name-of-some-length-Q4_K_M.gguf";
        BenchRow row = new() { { "test", "pp512@d2048" }, { "model", Name }, { "threads", 1 }, { "ratio", 2.5 } };
        using var output = new StringWriter();
        HtmlReport.Write(
            [row], BenchColumn.Comparison, BenchPlot.Comparison, new MachineFacts("a processor", 2, "a system", ".NET"), output);
        string page = output.ToString();
        string plot =
            page[page.IndexOf("<svg", StringComparison.Ordinal)..(page.IndexOf("</svg>", StringComparison.Ordinal) + "</svg>".Length)];
        XElement label =
            XElement.Parse(plot).Descendants().Single(element => element.Value == Name + " pp512@d2048, 1 thread" && !element.HasElements);

        // It ends at x; a letter of 12 pixels in height is at most 6.6 wide on average.
        Assert.Equal("end", label.Attribute("text-anchor")!.Value);
        double x = double.Parse(label.Attribute("transform")!.Value["translate(".Length..].Split(',')[0], CultureInfo.InvariantCulture);
        Assert.True(x > 6.6 * label.Value.Length, $"the label of {label.Value.Length} letters ends at {x}");
    }

    [Fact]
    public void Bench_OutputFileThatCannotBe_SaysWhyBeforeAnythingIsMeasured()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains(
            "is a folder, expected a file", Edgert.Run([.. Small, "--out", folder.Path]).ExpectErrorLine(1), StringComparison.Ordinal);
    }

    [Fact]
    public void Requantize_OutputThatIsTheInput_IsRefused()
    {
        using var folder = new TemporaryFolder();
        string file = folder.File("model.gguf");
        File.Copy(Edgert.Stories, file);
        string line = Edgert.Run("bench", "--requantize", "libllama=/nowhere", file, "Q4_0", Path.Combine(folder.Path, ".", "model.gguf"))
            .ExpectErrorLine(1);
        Assert.Contains("is the input, expected another file", line, StringComparison.Ordinal);
        Assert.Equal(new FileInfo(Edgert.Stories).Length, new FileInfo(file).Length);
    }

    [Fact]
    public void WriteCsv_CommasAndQuotes_AreQuoted()
    {
        using var output = new StringWriter();
        BenchReport.WriteCsv([new BenchRow { { "a", "x,\"y\"" }, { "b", 1.5 } }, new BenchRow { { "b", 2 } }], output);
        Assert.Equal("a,b\n\"x,\"\"y\"\"\",1.5\n,2\n", output.ToString());
    }
}

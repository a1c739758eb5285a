using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using EdgeRuntime.Cli.Bench.Plan;
using EdgeRuntime.Cli.Tests.Support;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Bench;

public sealed class TextBenchTests
{
    [Fact]
    public void Texts_Jsonl_HasAnObjectForEachNumberOfTexts()
    {
        string output = Edgert.Run("bench", Edgert.Stories, "--texts", "1,3", "-r", "2", "-t", "1", "-o", "jsonl").Expect(0).Output;
        JsonElement[] rows = [.. output.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal(["embed1", "embed3"], rows.Select(row => row.GetProperty("test").GetString()));
        Assert.Equal([22, 5 + 22 + 40], rows.Select(row => row.GetProperty("n_tokens").GetInt32()));
        Assert.All(rows, row =>
        {
            double seconds = row.GetProperty("median_s").GetDouble();
            Assert.Equal(1, row.GetProperty("median_texts_s").GetDouble() * seconds / row.GetProperty("n_texts").GetInt32(), 0.01);
            Assert.Equal(2, row.GetProperty("samples_ts").GetArrayLength());
        });
    }

    [Fact]
    public void Texts_ModelWithoutLogits_AreItsTests()
    {
        string model = SharedData.Require("models/all-MiniLM-L6-v2-Q8_0.gguf");
        string output = Edgert.Run("bench", model, "-r", "1", "-o", "csv").Expect(0).Output;
        Assert.Contains("embed1,", output, StringComparison.Ordinal);
        Assert.Contains("embed200,", output, StringComparison.Ordinal);
        string line = Edgert.Run("bench", model, "-p", "16").ExpectErrorLine(2);
        Assert.Contains("--n-prompt has no meaning for all-MiniLM-L6-v2-Q8_0.gguf, a model without logits; use --texts", line,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--n-gen has no meaning beside --texts", "-n", "4")]
    [InlineData("--texts has no meaning beside --parallel", "--parallel", "2")]
    [InlineData("--energy has no meaning beside --texts", "--energy", "none")]
    [InlineData("--texts 0: expected numbers of 1 to", "--texts", "0")]
    public void Texts_WrongArguments_AreOneLine(string expected, params string[] arguments)
    {
        string[] texts = arguments[0] == "--texts" ? [] : ["--texts", "2"];
        string line = Edgert.Run(["bench", Edgert.Stories, .. arguments, .. texts]).ExpectErrorLine(2);
        Assert.Contains(expected, line, StringComparison.Ordinal);
    }

    [Fact]
    public void CreateTexts_SameSeed_HasTheSameTextsOfEveryLength()
    {
        var test = new TextTest(36);
        IReadOnlyList<ReadOnlyMemory<int>> texts = test.CreateTexts(1000);
        Assert.Equal(Enumerable.Range(5, 36), texts.Select(text => text.Length).Order());
        Assert.Equal(test.Tokens, texts.Sum(text => text.Length));
        Assert.Equal(texts.Select(text => text.ToArray()), test.CreateTexts(1000).Select(text => text.ToArray()));
    }
}

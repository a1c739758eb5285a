using System;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text.Json;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Commands;

/// <summary>The commands <c>embed</c> and <c>rerank</c>: what they read and write, and their errors.</summary>
public sealed class EmbedCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Embed_FromArgumentsFilesAndStandardInput_GivesTheSameVectors()
    {
        float[][] expected = Vectors(Edgert.Run("embed", Edgert.Stories, "a dog", "the sun", "--pooling", "mean").Expect(0));
        Assert.Equal(2, expected.Length);
        Assert.Equal(64, expected[0].Length);
        string lines = _folder.Write("lines.txt", "a dog\nthe sun\n");
        string[] model = ["-m", Edgert.Stories, "--pooling", "mean"];
        Assert.Equal(expected, Vectors(Edgert.Run(["embed", .. model, "-f", lines]).Expect(0)));
        Assert.Equal(expected, Vectors(Edgert.Run(["embed", .. model, "-p", "a dog", "--prompt", "the sun"]).Expect(0)));
        Assert.Equal(expected, Vectors(Edgert.RunWith("a dog\nthe sun\n", ["embed", .. model]).Expect(0)));
        string json = "\"a dog\"\n\n{\"id\": 7, \"text\": \"the sun\"}\n";
        Assert.Equal(expected, Vectors(Edgert.RunWith(json, ["embed", .. model, "--input", "jsonl", "-b", "1"]).Expect(0)));
    }

    [Fact]
    public void Embed_InEachForm_WritesTheSameNumbers()
    {
        string[] command = ["embed", Edgert.Stories, "a dog", "the sun", "--pooling", "last", "--normalize", "-1"];
        float[][] expected = Vectors(Edgert.Run(command).Expect(0));
        string[] lines = Edgert.Run([.. command, "--format", "jsonl"]).Expect(0).Output.TrimEnd().Split('\n');
        Assert.Equal(expected, lines.Select(line => Floats(JsonDocument.Parse(line).RootElement.GetProperty("embedding"))));
        string raw = _folder.Write("old", "old");
        Edgert.Run([.. command, "--format", "raw", "-o", raw]).Expect(0);
        Assert.Equal(expected.SelectMany(vector => vector), MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(raw)).ToArray());
    }

    [Fact]
    public void Embed_WithoutPooling_GivesAVectorForEachToken()
    {
        JsonElement json = Edgert.RunWith(
            "[1, 400, 30]", "embed", "-m", Edgert.Stories, "--input", "jsonl", "--pooling", "none").Expect(0).Json;
        Assert.Equal(3, Assert.Single(json.GetProperty("data").EnumerateArray()).GetProperty("embedding").GetArrayLength());
        Assert.Equal(3, json.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
    }

    [Theory]
    [InlineData("standard input: line 2: not valid JSON", "\"a\"\n{x}\n", "--input", "jsonl")]
    [InlineData("standard input: line 1: an object without 'text'", "{\"a\": 1}", "--input", "jsonl")]
    [InlineData("standard input: line 1: token id 512", "[512]", "--input", "jsonl")]
    [InlineData("standard input: line 1: no tokens", "[]", "--input", "jsonl")]
    [InlineData("standard input: line 2: 15 tokens, but a context of 4", "a\none two three four five\n", "-c", "4")]
    [InlineData("is no reranker", "a", "--pooling", "rank")]
    [InlineData("--pooling sum: expected none, mean, cls, last, rank", "a", "--pooling", "sum")]
    [InlineData("--input csv: expected lines, text, jsonl", "a", "--input", "csv")]
    public void Embed_OfWhatItCannotRead_SaysWhere(string message, string input, params string[] options)
    {
        string path = _folder.Write("old", "old");
        EdgertResult result = Edgert.RunWith(input, ["embed", "-m", Edgert.Stories, "-o", path, .. options]);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
        Assert.Equal("old", File.ReadAllText(path));
    }

    [Fact]
    public void Rerank_WithAModelWithoutScores_SaysSo()
    {
        string line = Edgert.Run("rerank", Edgert.Stories, "--query", "a pet", "a dog").ExpectErrorLine(1);
        Assert.Contains("is no reranker", line, StringComparison.Ordinal);
    }

    private static float[][] Vectors(EdgertResult result) =>
        [.. result.Json.GetProperty("data").EnumerateArray().Select(item => Floats(item.GetProperty("embedding")))];

    private static float[] Floats(JsonElement list) => [.. list.EnumerateArray().Select(value => value.GetSingle())];
}

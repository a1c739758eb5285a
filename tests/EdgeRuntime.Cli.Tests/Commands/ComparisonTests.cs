using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using EdgeRuntime.Cli.Tests.Support;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Commands;

/// <summary>The commands that compare this runtime with others: tokenize, render, logits, eval perplexity.</summary>
public sealed class ComparisonTests
{
    [Theory]
    [InlineData("llama-spm")]
    [InlineData("llama-bpe")]
    [InlineData("qwen2")]
    [InlineData("gpt-2")]
    [InlineData("phi-3")]
    public void Tokenize_Batch_EqualsTheReference(string vocabulary)
    {
        string model = SharedData.Require($"conformance/tokenizers/{vocabulary}.gguf");
        using JsonDocument reference =
            JsonDocument.Parse(File.ReadAllText(SharedData.Require($"conformance/tokenizers/{vocabulary}.json")));
        using var folder = new TemporaryFolder();
        string?[] given = [.. reference.RootElement.EnumerateArray().Select(item => item.GetProperty("text").GetString())];
        string texts = folder.Write("texts.json", JsonSerializer.Serialize(given));

        JsonElement[] results = [.. Edgert.Run("tokenize", model, "--batch", texts).Expect(0).Json.EnumerateArray()];
        JsonElement[] expected = [.. reference.RootElement.EnumerateArray()];
        Assert.Equal(expected.Length, results.Length);
        for (int i = 0; i < results.Length; i++)
        {
            Assert.True(JsonElement.DeepEquals(expected[i], results[i]), $"{i}: expected {expected[i]}\nfound {results[i].GetRawText()}");
        }
    }

    [Fact]
    public void Tokenize_Text_PrintsIdsAndPieces()
    {
        Assert.Equal("1\t\"<s>\"\n403\t\" Once\"\n407\t\" upon\"\n", Edgert.Run("tokenize", Edgert.Stories, "Once upon").Expect(0).Output);
        Assert.Equal("[403, 407]\n", Edgert.Run("tokenize", "--ids", "--no-bos", "-m", Edgert.Stories, "Once upon").Expect(0).Output);
        Assert.Equal("[1, 403, 407]\n", Edgert.RunWith("Once upon", "tokenize", Edgert.Stories, "--ids").Expect(0).Output);
        Assert.Equal("[2]\n", Edgert.Run("tokenize", "--ids", "<|im_end|>").Expect(0).Output);
        Assert.NotEqual("[2]\n", Edgert.Run("tokenize", "--ids", "--no-parse-special", "<|im_end|>").Expect(0).Output);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("[\"a\"")]
    [InlineData("[\"\\ud800\"]")]
    public void Tokenize_BatchThatIsNoListOfTexts_IsOneLine(string json)
    {
        using var folder = new TemporaryFolder();
        string line = Edgert.Run("tokenize", Edgert.Stories, "--batch", folder.Write("texts.json", json)).ExpectErrorLine(1);
        Assert.Contains("texts.json", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("meta-llama-Llama-3.1-8B-Instruct")]
    [InlineData("meta-llama-Llama-3.2-3B-Instruct")]
    [InlineData("Qwen-Qwen2.5-7B-Instruct")]
    [InlineData("microsoft-Phi-3.5-mini-instruct")]
    [InlineData("google-gemma-2-2b-it")]
    [InlineData("Kimi-K2-Instruct")]
    [InlineData("meetkai-functionary-medium-v3.2")]
    public void Render_Cases_EqualTheReference(string template)
    {
        string cases = SharedData.Require("conformance/chat-templates/cases.json");
        JsonElement results = Edgert.Run(
            "render", SharedData.Require($"conformance/chat-templates/{template}.jinja"), "--cases", cases, "--now", "2024-07-26T09:05:00")
            .Expect(0).Json;
        using JsonDocument reference = JsonDocument.Parse(File.ReadAllText(cases));
        JsonElement[] expected = [.. reference.RootElement.GetProperty("expected").EnumerateArray()
            .Where(item => item.GetProperty("template").GetString() == template + ".jinja")];
        Assert.Equal(expected.Length, results.EnumerateObject().Count());
        foreach (JsonElement item in expected)
        {
            JsonElement result = results.GetProperty(item.GetProperty("case").GetString()!);
            if (item.TryGetProperty("output", out JsonElement output))
            {
                Assert.Equal(output.GetString(), result.GetProperty("output").GetString());
            }
            else
            {
                Assert.Equal(item.GetProperty("error").GetString(), result.GetProperty("error").GetString());
            }
        }
    }

    [Fact]
    public void Render_ModelsOwnTemplate_IsTaken()
    {
        using var folder = new TemporaryFolder();
        string cases = folder.Write(
            "cases.json",
            """{"cases": {"one": {"messages": [{"role": "user", "content": "Hi <b>世界</b>"}], "add_generation_prompt": true}}}""");
        string output =
            Edgert.Run("render", Edgert.SmolLm, "--cases", cases).Expect(0).Json.GetProperty("one").GetProperty("output").GetString()!;
        Assert.EndsWith("<|im_start|>user\nHi <b>世界</b><|im_end|>\n<|im_start|>assistant\n", output, StringComparison.Ordinal);
        Assert.Contains(
            "no chat template", Edgert.Run("render", Edgert.Stories, "--cases", cases).ExpectErrorLine(1), StringComparison.Ordinal);
    }

    [Fact]
    public void Render_BrokenTemplateOrTime_IsToldInTheCaseOrInOneLine()
    {
        using var folder = new TemporaryFolder();
        string cases = folder.Write("cases.json", """{"cases": {"one": {}}}""");
        string broken = folder.Write("broken.jinja", "{% if %}");
        EdgertResult result = Edgert.Run("render", broken, "--cases", cases, "--verbose").Expect(0);
        Assert.NotEmpty(result.Json.GetProperty("one").GetProperty("error").GetString()!);
        Assert.Contains("one: chat template, line 1: ", result.Error, StringComparison.Ordinal);

        string line = Edgert.Run("render", broken, "--cases", folder.Write("n.json", """{"cases": {"one": 1}}""")).ExpectErrorLine(1);
        Assert.Contains("case 'one'", line, StringComparison.Ordinal);
        line = Edgert.Run("render", broken, "--cases", cases, "--now", "tomorrow").ExpectErrorLine(2);
        Assert.Contains("--now tomorrow", line, StringComparison.Ordinal);
        line = Edgert.Run("render", broken, "--cases", folder.Write("list.json", "[]")).ExpectErrorLine(1);
        Assert.Contains("'cases'", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_ErrorOfAMillionCharacters_IsCutToOneLine()
    {
        using var folder = new TemporaryFolder();
        string cases = folder.Write("cases.json", """{"cases": {"one": {}}}""");
        string template = folder.Write("long.jinja", "{{ raise_exception('a\\n' * 1000000) }}");
        string line =
            Assert.Single(Edgert.Run("render", template, "--cases", cases, "--verbose").Expect(0).Error.TrimEnd('\n').Split('\n'));
        Assert.StartsWith("one: chat template, line 1: a a a ", line, StringComparison.Ordinal);
        Assert.EndsWith(" characters)", line, StringComparison.Ordinal);
        Assert.InRange(line.Length, 1000, 2100);
    }

    [Fact]
    public void Logits_OfReferenceIds_AreWithinTheBounds()
    {
        (int[] ids, float[] expected) = ReadLogits(SharedData.Require("models/SmolLM2-135M-Instruct-Q4_1.f32.logits"));
        using var folder = new TemporaryFolder();
        string idsFile = folder.Write("ids.txt", string.Join('\n', ids));
        foreach ((string[] options, double bound) in ((string[], double)[])[([], 8.5e-4), (["--exact"], 1e-6)])
        {
            string file = folder.File("x.logits");
            EdgertResult result = Edgert.Run(["logits", Edgert.SmolLm, "--ids-file", idsFile, "--out", file, .. options]).Expect(0);
            Assert.Empty(result.Output);
            (int[] foundIds, float[] found) = ReadLogits(file);
            Assert.Equal(ids, foundIds);
            double error = NormalizedError(expected, found);
            Assert.True(error <= bound, $"{string.Join(' ', options)}: normalized mean squared error {error}, bound {bound}");
        }
    }

    [Fact]
    public void Logits_InChunksOfAnySize_AreTheSame()
    {
        using var folder = new TemporaryFolder();
        int[] ids = [1, .. Enumerable.Range(0, 20).Select(i => 300 + (7 * i))];
        float[]? whole = null;
        foreach (int chunk in (int[])[512, 7, 1])
        {
            string file = folder.File($"{chunk}.logits");
            Edgert.Run("logits", Edgert.Stories, "--ids", string.Join(',', ids), "--out", file, "--chunk", $"{chunk}").Expect(0);
            (int[] found, float[] logits) = ReadLogits(file);
            Assert.Equal(ids, found);
            whole ??= logits;
            Assert.True(NormalizedError(whole, logits) < 1e-6);
        }
    }

    [Theory]
    [InlineData("1,2,512", "512")]
    [InlineData("1,x", "'x'")]
    [InlineData("", "no token ids")]
    [InlineData("1,-2", "'-2'")]
    public void Logits_WrongIds_AreToldInOneLine(string ids, string expected)
    {
        using var folder = new TemporaryFolder();
        string error = Edgert.Run("logits", Edgert.Stories, "--ids", ids, "--out", folder.File("x")).ExpectErrorLine(1);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.False(File.Exists(folder.File("x")));
    }

    [Fact]
    public void Logits_MoreIdsThanTheContextAskedFor_AreToldInOneLine()
    {
        using var folder = new TemporaryFolder();
        string error = Edgert.Run("logits", Edgert.Stories, "--ids", "1,2,3", "--ctx", "2", "--out", folder.File("x")).ExpectErrorLine(1);
        Assert.Contains("3 token ids, but a context of 2", error, StringComparison.Ordinal);
        Assert.False(File.Exists(folder.File("x")));
    }

    [Fact]
    [Trait("Speed", "Slow")]
    public void Perplexity_OfTinyNovel_IsLlamaCppsWithinHalfAPercent()
    {
        string model = SharedData.Require("models/tiny-novel-F16.gguf");
        string text = SharedData.Require("text/novel-test.txt");
        JsonElement json = Edgert.Run("eval", "perplexity", model, "-f", text, "--ctx", "256", "--json").Expect(0).Json;
        Assert.InRange(json.GetProperty("perplexity").GetDouble(), 50.5703 * 0.995, 50.5703 * 1.005);
        Assert.Equal(json.GetProperty("chunks").GetInt32() * 127, json.GetProperty("tokens_scored").GetInt32());
    }

    [Fact]
    public void Perplexity_Text_PrintsARunningEstimateAndAStandardError()
    {
        using var folder = new TemporaryFolder();
        string text = folder.Write("text.txt", string.Concat(Enumerable.Repeat("Once upon a time there was a little girl. ", 60)));
        string output = Edgert.Run("eval", "perplexity", Edgert.Stories, "-f", text, "--ctx", "64", "--chunks", "3").Expect(0).Output;
        Match match = Regex.Match(output, @"^\[1\][\d.]+,\[2\][\d.]+,\[3\]([\d.]+),\nFinal estimate: PPL = ([\d.]+) \+/- ([\d.]+)\n$");
        Assert.True(match.Success, output);
        Assert.Equal(match.Groups[1].Value, match.Groups[2].Value);
        Assert.True(double.Parse(match.Groups[3].Value, CultureInfo.InvariantCulture) > 0);

        string error = Edgert.Run("eval", "perplexity", Edgert.Stories, "-f", text, "--ctx", "4096").ExpectErrorLine(1);
        Assert.Contains("8192", error, StringComparison.Ordinal);
    }

    private static (int[] Ids, float[] Logits) ReadLogits(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        ReadOnlySpan<int> words = MemoryMarshal.Cast<byte, int>(bytes);
        Assert.Equal((0x4C474552, 1), (words[0], words[1]));
        int tokens = words[2], vocabulary = words[3];
        Assert.Equal(4 + tokens + (tokens * vocabulary), words.Length);
        return (words.Slice(4, tokens).ToArray(), MemoryMarshal.Cast<int, float>(words[(4 + tokens)..]).ToArray());
    }

    private static double NormalizedError(IReadOnlyList<float> expected, IReadOnlyList<float> found) =>
        expected.Zip(found).Sum(pair => Math.Pow((double)pair.First - pair.Second, 2)) / expected.Sum(value => (double)value * value);
}

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using EdgeRuntime.Cli.Tests.Support;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Commands;

/// <summary><c>edgert eval kld</c>: against llama.cpp's figures, with and without a file of logits, and what it refuses.</summary>
public sealed class KldTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Kld_OfTwoModels_IsThatOfAFileOfLogits()
    {
        string[] text = ["-f", SharedData.Require("text/novel-test.txt"), "-c", "256", "--chunks", "3"];
        string[] models = [Novel("F16"), Novel("Q4_K_M"), Novel("F16")];
        string logits = _folder.File("base.logits");
        JsonElement json = Edgert.Run([.. Kld, .. models, .. text, "--json", "--save-logits", logits]).Expect(0).Json;
        Assert.Equal((256, 3, 381), (Int(json, "context"), Int(json, "chunks"), Int(json, "tokens_scored")));
        JsonElement quantized = json.GetProperty("models")[0];
        JsonElement same = json.GetProperty("models")[1];
        Assert.InRange(Mean(quantized), 0.001, 0.003);
        Assert.InRange(quantized.GetProperty("same_top").GetDouble(), 0.92, 0.99);
        Assert.InRange(quantized.GetProperty("ratio").GetDouble(), 0.99, 1.01);
        Assert.InRange(Mean(same), 0, 1e-6);
        Assert.Equal(1, same.GetProperty("same_top").GetDouble());
        Assert.Equal(1, same.GetProperty("ratio").GetDouble(), 6);
        Assert.Equal("_logits_"u8, File.ReadAllBytes(logits).AsSpan(0, 8));

        JsonElement again = Edgert.Run([.. Kld, Novel("Q4_K_M"), "--logits", logits, "--json"]).Expect(0).Json.GetProperty("models")[0];
        Assert.InRange(Mean(again) / Mean(quantized), 0.99, 1.01);
        Assert.Equal(quantized.GetProperty("perplexity").GetDouble(), again.GetProperty("perplexity").GetDouble(), 9);
        AssertCutFileIsRefused(logits);
    }

    [Fact]
    public void Kld_AsText_HasTheLabelsOfLlamaCpp()
    {
        string text = _folder.Write("text.txt", string.Concat(Enumerable.Repeat("Once upon a time there was a little girl. ", 60)));
        string output = Edgert.Run([.. Kld, Edgert.Stories, Edgert.Stories, "-f", text, "-c", "64", "--exact"]).Expect(0).Output;
        foreach (string label in (string[])["Mean PPL(Q)", "Mean PPL(Q)/PPL(base)", "Mean    KLD:", "99.9%   KLD:", "Median  KLD:",
            "Maximum KLD:", "RMS Δp    :", "Same top p:"])
        {
            Assert.Contains(label, output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Kld_WrongArguments_AreOneLine()
    {
        string text = _folder.Write("text.txt", string.Concat(Enumerable.Repeat("Once upon a time there was a little girl. ", 60)));
        string none = _folder.Write("none.logits", "no logits");
        void Refused(int exitCode, string expected, params string[] arguments) =>
            Assert.Contains(expected, Edgert.Run([.. Kld, .. arguments]).ExpectErrorLine(exitCode), StringComparison.Ordinal);
        Refused(2, "at least one model to compare", Edgert.Stories, "-f", text);
        Refused(2, "expected a text (-f)", Edgert.Stories, Edgert.Stories);
        Refused(2, "leave out -f", Edgert.Stories, "-f", text, "--logits", none);
        Refused(1, "is no file of logits", Edgert.Stories, "--logits", none);
        Refused(1, "no such file", Edgert.Stories, "--logits", _folder.File("absent"));
        Refused(2, "leave out --ctx", Edgert.Stories, "--logits", none, "-c", "64");
        Refused(1, "is the input too, expected another file", Edgert.Stories, "-f", text, "-c", "64", "--save-logits", text);
        Refused(1, "compare models of one family", Edgert.Stories, Edgert.SmolLm, "-f", text, "-c", "64");
    }

    /// <summary>
    /// The figures of llama.cpp's own runs. Its activations for K types have one scale for 256 values, those here one for 32: the
    /// divergence is lower here by the difference, about 0.0002 of it.
    /// </summary>
    [Fact]
    [Trait("Speed", "Slow")]
    public void Kld_OfFilesByLlamaCpp_IsItsTable()
    {
        (string Type, double Perplexity, double Kld, double SameTop)[] table =
        [
            ("Q4_K_M", 50.60, 0.00183, 96.1), ("IQ4_XS", 50.81, 0.00297, 95.1), ("IQ3_XXS", 51.38, 0.01566, 89.6),
            ("Q2_K", 51.14, 0.02269, 88.1), ("IQ2_XS", 52.55, 0.03780, 84.1), ("IQ1_S", 55.07, 0.09112, 77.2),
        ];
        string[] files = [.. table.Select(static row => Novel(row.Type))];
        JsonElement json = Edgert.Run(
            [.. Kld, Novel("F16"), .. files, "-f", SharedData.Require("text/novel-test.txt"), "-c", "256", "--json"]).Expect(0).Json;
        JsonElement[] models = [.. json.GetProperty("models").EnumerateArray()];
        foreach (((_, double perplexity, double kld, double sameTop), JsonElement model) in table.Zip(models))
        {
            Assert.InRange(model.GetProperty("perplexity").GetDouble() / perplexity, 1 - 0.003, 1 + 0.003);
            Assert.InRange(Mean(model), kld - 0.0005, kld * 1.003);
            Assert.InRange(100 * model.GetProperty("same_top").GetDouble(), sameTop - 0.4, sameTop + 0.4);
        }
    }

    private static IEnumerable<string> Kld => ["eval", "kld"];

    private static string Novel(string type) => SharedData.Require($"models/tiny-novel-{type}.gguf");

    private static int Int(JsonElement json, string name) => json.GetProperty(name).GetInt32();

    private static double Mean(JsonElement model) => model.GetProperty("kld").GetProperty("mean").GetDouble();

    private void AssertCutFileIsRefused(string logits)
    {
        byte[] bytes = File.ReadAllBytes(logits);
        string cut = _folder.File("cut.logits");
        int rows = 20 + (3 * 256 * sizeof(int));
        foreach ((byte[] content, string expected) in new[]
        {
            (bytes[..^1], "cut short"), (bytes[..30], "contradict"), (bytes[..15], "no file of logits"),
            ((byte[])[.. bytes[..8], 255, 255, 255, 255, .. bytes[12..]], "contradict"),
            ((byte[])[.. bytes[..rows], .. new byte[bytes.Length - rows]], "found probabilities with the sum 4096.00, expected 1"),
            ((byte[])[.. bytes[..20], 255, 255, 255, 255, .. bytes[24..]], "damaged"),
        })
        {
            File.WriteAllBytes(cut, content);
            string line = Edgert.Run([.. Kld, Novel("Q4_K_M"), "--logits", cut]).ExpectErrorLine(1);
            Assert.Contains(expected, line, StringComparison.Ordinal);
        }
    }
}

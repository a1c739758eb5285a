using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeRuntime.Gguf;
using EdgeRuntime.Onnx.Tests.Support;
using EdgeRuntime.Tests.Models;
using EdgeRuntime.Tests.Support;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Onnx.Tests.Export;

/// <summary>Exported models of every family give the logits of the processor's engine, or are refused by name.</summary>
public sealed class FamilyExportTests : IDisposable
{
    /// <summary>The greatest normalized error. Its root, the relative error, is 1e-5.</summary>
    private const double Bound = 1e-10;

    /// <summary>The models with a module, or a kind of attention, that has no translation.</summary>
    private static readonly Dictionary<string, string> s_refused = new(StringComparer.Ordinal)
    {
        ["dream-dense"] = "later positions",
        ["llada-dense"] = "later positions",
        ["llada-moe-moe"] = "later positions",
        ["rnd1-moe"] = "later positions",
    };

    /// <summary>The models that the processor's engine refuses too.</summary>
    private static readonly string[] s_notComputed = ["deepseek4-moe", "ernie4_5-moe-moe", "qwen4exp-moe", "refact-moe"];

    private readonly string _folder = Directory.CreateTempSubdirectory("edgert-onnx-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    public static IEnumerable<TheoryDataRow<string>> Translated() => RandomModels.Names()
        .Where(static name => !s_refused.ContainsKey(name) && !s_notComputed.Contains(name))
        .Select(static name => new TheoryDataRow<string>(name));

    public static IEnumerable<TheoryDataRow<string, string>> Refused() =>
        s_refused.Select(static pair => new TheoryDataRow<string, string>(pair.Key, pair.Value));

    [Theory]
    [MemberData(nameof(Translated))]
    public void Export_EachFamily_GivesTheExactLogits(string name) =>
        AssertLogits(RandomModels.PathOf(name), LogitsFile.Read(RandomModels.LogitsOf(name)).Tokens);

    /// <summary>The models of the other test have fewer positions than keys that their indexers choose.</summary>
    [Theory]
    [InlineData("deepseek32-moe")]
    [InlineData("dots3note-moe")]
    [InlineData("glm-dsa-moe")]
    [InlineData("hy_v4-moe")]
    public void Export_IndexerWithFewKeys_GivesTheExactLogits(string name)
    {
        string path = Path.Combine(_folder, $"{name}-few.gguf");
        using (GgufFile source = GgufFile.Open(RandomModels.PathOf(name)))
        {
            var changes = new Dictionary<string, object> { ["attention.indexer.top_k"] = 9u };
            ModelCopy.Write(path, source, source.Tensors.Select(TensorCopy.Of), changes: changes);
        }

        AssertLogits(path, LogitsFile.Read(RandomModels.LogitsOf(name)).Tokens);
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void Open_FamilyWithoutTranslation_IsRefusedByName(string name, string part)
    {
        Exception error = Assert.Throws<UnsupportedModelException>(
            () => OnnxExport.Open(RandomModels.PathOf(name), new OnnxExportOptions()));
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData("llama-moe", "experts")]
    [InlineData("gemma2-dense", "window")]
    [InlineData("bloom-dense", "biases")]
    [InlineData("mamba2-dense", "recurrence")]
    public void Open_ModelThatADeviceCannotCompute_IsRefusedByName(string name, string part)
    {
        Exception error = Assert.Throws<UnsupportedModelException>(
            () => OnnxExport.Open(RandomModels.PathOf(name), new OnnxExportOptions { Profile = OnnxProfile.DirectMl }));
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
        Assert.Contains("for dml", error.Message, StringComparison.Ordinal);
    }

    /// <summary>The models of the shared data have weights of a normal distribution.</summary>
    [Fact]
    public void Export_SharedModels_GiveTheExactLogits()
    {
        int compared = 0;
        foreach (string path in SharedData.RequireFiles("conformance/architectures", "*.gguf")
            .Where(static path => !s_refused.ContainsKey(Path.GetFileNameWithoutExtension(path))))
        {
            AssertLogits(path, LogitsFile.Read(Path.ChangeExtension(path, ".logits")).Tokens);
            compared++;
        }

        Assert.InRange(compared, 15, int.MaxValue);
    }

    private void AssertLogits(string path, int[] tokens)
    {
        string folder = Path.Combine(_folder, Path.GetFileNameWithoutExtension(path));
        OnnxExporter.Export(path, folder, OnnxProfile.CpuExact);
        using var model = LanguageModel.Load(path, new ModelOptions { Exact = true });
        var reference = new LogitsFile(
            tokens, model.VocabularySize, ModelRunner.Logits(model, tokens, tokens.Length, KvCacheType.F32));
        using var runner = new OnnxRunner(folder, tokens.Length + 3);
        double whole = reference.NormalizedError(runner.Run(tokens, 0));
        Assert.True(whole < Bound, $"{path}: {whole:e1}");

        // Then the prompt in pieces, the last ones alone.
        runner.Clear();
        List<float> parts = [];
        for (int at = 0; at < tokens.Length;)
        {
            int count = at == 0 ? Math.Min(13, tokens.Length) : 1;
            parts.AddRange(runner.Run(tokens.AsSpan(at, count), at));
            at += count;
        }

        double pieces = reference.NormalizedError(parts.ToArray());
        Assert.True(pieces < Bound, $"{path} in pieces: {pieces:e1}");
    }
}

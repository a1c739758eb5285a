using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Numerics.Tensors;
using System.Text.Json;
using EdgeRuntime.Tests.Models;
using EdgeRuntime.Tests.Support;
using EdgeRuntime.TestSupport;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntimeGenAI;
using Xunit;

namespace EdgeRuntime.Onnx.Tests.Export;

/// <summary>ONNX Runtime GenAI opens an exported folder and generates the same tokens.</summary>
public sealed class GenAiTests : IDisposable
{
    private const int Generated = 24;

    private readonly string _folder = Directory.CreateTempSubdirectory("edgert-genai-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void GenAi_ExportedFolder_GeneratesTheSameTokens()
    {
        string folder = Path.Combine(_folder, "model");
        OnnxExporter.Export(TestModels.SmolLm, folder, OnnxProfile.CpuExact);
        int[] prompt;
        int[] expected;
        using (var model = LanguageModel.Load(TestModels.SmolLm, new ModelOptions { Exact = true }))
        {
            prompt = model.Tokenizer.Encode("The capital of France is", addSpecial: true);
            expected = Greedy(model, prompt);
        }

        Assert.Equal(expected, GenAi(folder, prompt, expected.Length));
    }

    [Theory]
    [InlineData("deepseek32-moe")]
    [InlineData("dots3note-moe")]
    [InlineData("gemma4-nov")]
    [InlineData("gemma4-shared")]
    public void GenAi_CachesOfSeveralShapes_GeneratesTheSameTokens(string name)
    {
        string path = RandomModels.PathOf(name);
        string folder = Path.Combine(_folder, "model");
        OnnxExporter.Export(path, folder, OnnxProfile.CpuExact);
        using (var session = new InferenceSession(Path.Combine(folder, "model.onnx")))
        {
            IEnumerable<string> shapes = session.InputMetadata
                .Where(static input => input.Key.StartsWith("past_key_values", StringComparison.Ordinal))
                .Select(static input => string.Join(',', input.Value.Dimensions));
            Assert.NotInRange(shapes.Distinct().Count(), 0, 1);
        }

        using var model = LanguageModel.Load(path, new ModelOptions { Exact = true });
        int[] prompt = LogitsFile.Read(RandomModels.LogitsOf(name)).Tokens[..12];
        int[] expected = Greedy(model, prompt);
        Assert.Equal(expected, GenAi(folder, prompt, expected.Length));
    }

    [Theory]
    [InlineData("lfm2-dense")]
    [InlineData("mamba2-dense")]
    public void Write_RecurrentModel_IsNotForGenAi(string name)
    {
        string folder = Path.Combine(_folder, "model");
        using OnnxExport export = OnnxExport.Open(RandomModels.PathOf(name), new OnnxExportOptions());
        export.Write(folder);
        Assert.Contains("recurrent state", export.GenAiProblem, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(folder, "model.onnx")));
        Assert.Contains("\"engine.onnx\"", File.ReadAllText(Path.Combine(folder, "genai_config.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void GenAi_Config_NamesTheShapesAndTokens()
    {
        string folder = Path.Combine(_folder, "model");
        OnnxExporter.Export(TestModels.SmolLm, folder, OnnxProfile.Cpu);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "genai_config.json")));
        JsonElement model = json.RootElement.GetProperty("model");
        JsonElement decoder = model.GetProperty("decoder");
        Assert.Equal(49_152, model.GetProperty("vocab_size").GetInt32());
        Assert.Equal(8192, model.GetProperty("context_length").GetInt32());
        Assert.Equal(2, model.GetProperty("eos_token_id").GetInt32());
        Assert.Equal((64, 9, 3, 30), (
            decoder.GetProperty("head_size").GetInt32(), decoder.GetProperty("num_attention_heads").GetInt32(),
            decoder.GetProperty("num_key_value_heads").GetInt32(), decoder.GetProperty("num_hidden_layers").GetInt32()));
    }

    private static int[] Greedy(LanguageModel model, int[] prompt)
    {
        using ModelSession session = model.CreateSession(
            new SessionOptions { ContextLength = prompt.Length + Generated, KvCacheType = KvCacheType.F32 });
        List<int> tokens = [.. prompt];
        ReadOnlySpan<float> logits = session.Forward(prompt);
        for (int i = 0; i < Generated; i++)
        {
            tokens.Add(TensorPrimitives.IndexOfMax(logits));
            if (i < Generated - 1)
            {
                logits = session.Forward([tokens[^1]]);
            }
        }

        return [.. tokens];
    }

    private static int[] GenAi(string folder, int[] prompt, int length)
    {
        using var model = new Model(folder);
        using var parameters = new GeneratorParams(model);
        parameters.SetSearchOption("max_length", length);
        parameters.SetSearchOption("min_length", length);
        using var generator = new Generator(model, parameters);
        generator.AppendTokens(prompt);
        while (!generator.IsDone())
        {
            generator.GenerateNextToken();
        }

        return generator.GetSequence(0).ToArray();
    }
}

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using EdgeRuntime.Quantization;
using EdgeRuntime.Tests.Models;
using EdgeRuntime.Tests.Support;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tests.Quantization;

/// <summary>What is measured while models compute: which tensors, which sums, and that nothing else changes.</summary>
public sealed class ImportanceCollectorTests
{
    /// <summary>The ends of the names of matrices that every family has some of.</summary>
    private static readonly string[] s_matrices =
    [
        "attn_q.weight", "attn_k.weight", "attn_v.weight", "attn_qkv.weight", "attn_output.weight", "attn_kv_a_mqa.weight",
        "attn_k_b.weight", "attn_v_b.weight", "ffn_up.weight", "ffn_gate.weight", "ffn_down.weight", "ffn_gate_inp.weight",
        "ffn_up_exps.weight", "ffn_gate_exps.weight", "ffn_down_exps.weight", "ssm_out.weight",
    ];

    public static IEnumerable<TheoryDataRow<string>> Fixtures() => ConformanceTests.Fixtures();

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void Commit_AfterAPass_HasEveryMatrixOfTheLayers(string fixture)
    {
        string path = ConformanceTests.PathOf(fixture);
        using var model = LanguageModel.Load(path);
        ImportanceMatrix matrix = Measure(model, 20);
        using GgufFile file = GgufFile.Open(path);
        foreach (GgufTensor tensor in file.Tensors.Where(static tensor =>
            tensor.Name.StartsWith("blk.", StringComparison.Ordinal) && s_matrices.Any(tensor.Name.EndsWith)))
        {
            Assert.True(matrix.TryGet(tensor.Name, out ReadOnlyMemory<float> importance), tensor.Name);
            Assert.Equal(tensor.Columns * tensor.Dimensions[2], importance.Length);
        }
    }

    [Fact]
    public void Commit_OfALayersInput_IsTheMeanSquareOfTheNormedRows()
    {
        string path = RandomModels.PathOf("llama-dense");
        using var model = LanguageModel.Load(path);
        int[] tokens = Tokens(model, 20);
        ImportanceMatrix matrix = Measure(model, 20);
        using GgufFile file = GgufFile.Open(path);
        float[] norm = Floats(file.FindTensor("blk.0.attn_norm.weight")!, 0);
        double epsilon = file.Metadata.GetSingle("llama.attention.layer_norm_rms_epsilon");
        double[] expected = new double[norm.Length];
        foreach (int token in tokens)
        {
            double[] row = Array.ConvertAll(Floats(file.FindTensor("token_embd.weight")!, token), static x => (double)x);
            double scale = 1 / Math.Sqrt((row.Sum(static x => x * x) / row.Length) + epsilon);
            for (int i = 0; i < row.Length; i++)
            {
                expected[i] += Math.Pow(row[i] * scale * norm[i], 2) / tokens.Length;
            }
        }

        foreach (string name in (string[])["attn_q", "attn_k", "attn_v"])
        {
            Assert.True(matrix.TryGet($"blk.0.{name}.weight", out ReadOnlyMemory<float> importance));
            Assert.All(importance.ToArray(), (value, i) => Assert.InRange(value / expected[i], 1 - 1e-4, 1 + 1e-4));
        }
    }

    [Theory]
    [InlineData("llama-moe")]
    [InlineData("deepseek2-moe")]
    public void Commit_OfExperts_CountsTheTokensOfEach(string fixture)
    {
        string path = RandomModels.PathOf(fixture);
        using var model = LanguageModel.Load(path);
        ImportanceMatrix matrix = Measure(model, 20);
        using GgufFile file = GgufFile.Open(path);
        int used = file.Metadata.GetInt32($"{model.Architecture}.expert_used_count");
        string[] names = [.. matrix.Tensors.Where(static name => name.EndsWith("_exps.weight", StringComparison.Ordinal))];
        Assert.NotEmpty(names);
        Assert.All(names, name => Assert.Equal(20 * used, matrix.Sums[name].Counts.Sum()));
        Assert.All(names, name => Assert.Equal(file.FindTensor(name)!.Dimensions[2], matrix.Sums[name].Counts.Length));
    }

    [Theory]
    [InlineData("llama-moe")]
    [InlineData("deepseek2-moe")]
    [InlineData("qwen3next-moe")]
    public void Commit_WithOtherNumbersOfThreads_GivesTheSameBits(string fixture)
    {
        string path = RandomModels.PathOf(fixture);
        float[][] sums = [.. new[] { 1, 2, 3 }.Select(threads =>
        {
            using var model = LanguageModel.Load(path, new ModelOptions { Threads = Math.Min(threads, Environment.ProcessorCount) });
            return Measure(model, 20).Sums.Values.SelectMany(static sums => sums.Squares.ToArray()).ToArray();
        })];
        Assert.Equal(sums[0], sums[1]);
        Assert.Equal(sums[0], sums[2]);
    }

    [Theory]
    [InlineData("llama-dense")]
    [InlineData("llama-moe")]
    [InlineData("deepseek2-moe")]
    public void Forward_WhileObserved_GivesTheSameLogits(string fixture)
    {
        using var model = LanguageModel.Load(RandomModels.PathOf(fixture));
        int[] tokens = Tokens(model, 20);
        float[] expected = ModelRunner.Logits(model, tokens, 7);
        using var collector = new ImportanceCollector(model, new ImportanceMatrix(20));
        Assert.Equal(expected, ModelRunner.Logits(model, tokens, 7));
        Assert.Throws<InvalidOperationException>(() => new ImportanceCollector(model, new ImportanceMatrix(20)));
        collector.Discard();
        collector.Commit();
        Assert.Empty(collector.Matrix.Tensors);
    }

    [Fact]
    public void Commit_WithTheOutput_MeasuresTheRowsWithLogits()
    {
        using var model = LanguageModel.Load(RandomModels.PathOf("llama-dense"));
        var matrix = new ImportanceMatrix(20);
        using (var collector = new ImportanceCollector(model, matrix, includeOutput: true))
        {
            ModelRunner.Logits(model, Tokens(model, 20), 20);
            collector.Commit();
        }

        Assert.Equal([20], matrix.Sums["output.weight"].Counts);
        Assert.Equal(1, matrix.ChunkCount);
    }

    /// <summary>
    /// The reference was measured by llama.cpp on 54 778 tokens of the text, six fewer than whole chunks have. A column whose sum comes
    /// from few tokens may differ by one of these.
    /// </summary>
    [Fact]
    [Trait("Speed", "Slow")]
    public void Commit_OfTinyNovel_IsLlamaCppsWithinAThousandth()
    {
        var reference = ImportanceMatrix.Load(SharedData.Require("models/tiny-novel.imatrix.gguf"));
        string text = File.ReadAllText(SharedData.Require("text/novel-calibration.txt"));
        using var model = LanguageModel.Load(SharedData.Require("models/tiny-novel-F16.gguf"));
        using ModelSession session = model.CreateSession(new SessionOptions { ContextLength = reference.ChunkSize });
        var matrix = new ImportanceMatrix(reference.ChunkSize);
        using var collector = new ImportanceCollector(model, matrix);
        IEnumerable<int[]> chunks = model.Tokenizer.Encode(text, addSpecial: true, parseSpecial: false).Chunk(reference.ChunkSize);
        foreach (int[] chunk in chunks.Where(chunk => chunk.Length == reference.ChunkSize)) // llama.cpp leaves out the rest of the text
        {
            session.Truncate(0);
            session.Forward(chunk);
            collector.Commit();
        }

        Assert.Equal(reference.Tensors, matrix.Tensors);
        double[] errors = [.. reference.Tensors.SelectMany(name =>
        {
            Assert.True(reference.TryGet(name, out ReadOnlyMemory<float> expected) & matrix.TryGet(name, out ReadOnlyMemory<float> actual));
            return expected.ToArray().Zip(actual.ToArray(), static (a, b) => Math.Abs((b / (double)a) - 1));
        }).Order()];
        Assert.InRange(errors[(int)(0.99 * errors.Length)], 0, 1e-3);
        Assert.InRange(errors.Average(), 0, 2e-4);
        Assert.InRange(errors[^1], 0, 0.03);
    }

    private static ImportanceMatrix Measure(LanguageModel model, int tokens)
    {
        var matrix = new ImportanceMatrix(tokens);
        using var collector = new ImportanceCollector(model, matrix);
        ModelRunner.Logits(model, Tokens(model, tokens), 7);
        collector.Commit();
        return matrix;
    }

    private static int[] Tokens(LanguageModel model, int count) =>
        [.. Enumerable.Range(0, count).Select(i => ((i * 37) + 5) % model.VocabularySize)];

    private static float[] Floats(GgufTensor tensor, int row)
    {
        float[] values = new float[tensor.Columns];
        TensorFormats.Find(tensor.Type)!.Dequantize(tensor.GetRows(row, 1), values);
        return values;
    }
}

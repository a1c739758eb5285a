using System;
using System.IO;
using System.Linq;
using System.Threading;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using EdgeRuntime.Quantization;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tests.Quantization;

public sealed class ModelQuantizerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("edgert-quantize-").FullName;

    private static string TinyNovel => SharedData.Require("models/tiny-novel-F16.gguf");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>Metadata, order, shapes and types of files that llama.cpp made, to the name of the importance matrix's file.</summary>
    [Theory]
    [InlineData("Q4_K_M")]
    [InlineData("Q2_K")]
    [InlineData("IQ4_XS")]
    public void Run_WithImportance_MakesTheFileOfLlamaCpp(string type)
    {
        string reference = SharedData.Require($"models/tiny-novel-{type}.gguf");
        string importance = SharedData.Require("models/tiny-novel.imatrix.gguf");
        string path = Quantize(TinyNovel, new QuantizationOptions
        {
            Mix = QuantizationMix.Find(type),
            Importance = ImportanceMatrix.Load(importance),
            ImportanceFile = importance,
        });
        using GgufFile expected = GgufFile.Open(reference);
        using GgufFile made = GgufFile.Open(path);
        Assert.Equal(expected.Tensors.Select(Describe), made.Tensors.Select(Describe));
        Assert.Equal(expected.Metadata.Keys, made.Metadata.Keys);
        foreach (string key in expected.Metadata.Keys.Where(static key => key != "quantize.imatrix.file"))
        {
            Assert.True(expected.Metadata.TryGetValue(key, out object? value) && made.Metadata.TryGetValue(key, out object? found)
                && Equals(value.GetType(), found.GetType()));
            Assert.Equal(expected.Metadata.ReadBytes(key), made.Metadata.ReadBytes(key));
        }
    }

    [Theory]
    [InlineData("IQ1_S")]
    [InlineData("IQ2_XS")]
    [InlineData("IQ3_XXS")]
    public void Create_WithImportance_GivesTheTypesOfLlamaCpp(string type)
    {
        using GgufFile expected = GgufFile.Open(SharedData.Require($"models/tiny-novel-{type}.gguf"));
        using GgufFile source = GgufFile.Open(TinyNovel);
        var plan = QuantizationPlan.Create(source, new QuantizationOptions
        {
            Mix = QuantizationMix.Find(type),
            Importance = ImportanceMatrix.Load(SharedData.Require("models/tiny-novel.imatrix.gguf")),
        });
        Assert.Empty(plan.Problems);
        Assert.Equal(
            expected.Tensors.Select(static tensor => (tensor.Name, tensor.Type)),
            plan.Tensors.Select(static tensor => (tensor.Name, tensor.NewType)));
    }

    [Theory]
    [InlineData("Q8_0")]
    [InlineData("Q4_K_M")]
    public void Run_AnyNumberOfThreads_GivesTheSameBytes(string type)
    {
        var options = new QuantizationOptions { Mix = QuantizationMix.Find(type), Threads = 1 };
        byte[] expected = File.ReadAllBytes(Quantize(TestModels.Stories, options));
        Assert.Equal(expected, File.ReadAllBytes(Quantize(TestModels.Stories, options with { Threads = 3 })));
    }

    [Fact]
    public void Run_ToTheSameTypes_CopiesAllTensors()
    {
        string path = Quantize(TestModels.SmolLm, new QuantizationOptions
        {
            Mix = QuantizationMix.Find("Q4_1"),
            OutputTensorType = TensorType.Q8_0,
        });
        using GgufFile expected = GgufFile.Open(TestModels.SmolLm);
        using GgufFile made = GgufFile.Open(path);
        foreach (GgufTensor tensor in expected.Tensors)
        {
            GgufTensor copy = made.FindTensor(tensor.Name)!;
            Assert.Equal(Describe(tensor), Describe(copy));
            Assert.True(tensor.GetRows(0, (int)tensor.Rows).SequenceEqual(copy.GetRows(0, (int)copy.Rows)));
        }
    }

    [Fact]
    public void Run_PatternsAndOverrides_GiveTheirTypes()
    {
        var plan = ModelQuantizer.Run(TestModels.Stories, NewPath(), new QuantizationOptions
        {
            Mix = QuantizationMix.Find("Q4_0"),
            TensorTypes = [new(@"blk\.0\.FFN_(up|down)", TensorType.Q8_0), new("ffn", TensorType.Q5_1)],
            TokenEmbeddingType = TensorType.F16,
        });
        TensorType Of(string name) => plan.Tensors.Single(tensor => tensor.Name == name).NewType;
        Assert.Equal(TensorType.F16, Of("token_embd.weight"));
        Assert.Equal(TensorType.Q8_0, Of("blk.0.ffn_up.weight"));
        Assert.Equal(TensorType.Q5_1, Of("blk.1.ffn_up.weight"));
        Assert.Equal(TensorType.F32, Of("blk.1.ffn_norm.weight"));
        Assert.Equal(TensorType.Q4_0, Of("blk.0.attn_q.weight"));
    }

    /// <summary>The matrix of each expert is quantized with the importance of its own columns.</summary>
    [Fact]
    public void Run_Experts_UseTheirOwnImportance()
    {
        const int Columns = 256;
        const int Rows = 4;
        var random = new Random(1);
        float[] weights = Floats(2 * Rows * Columns);
        float[] squares = Array.ConvertAll(Floats(2 * Columns), static value => value * value);
        string source = WriteModel(("blk.0.ffn_up_exps.weight", weights, [Columns, Rows, 2]));
        string sums = WriteModel(
            "imatrix",
            ("blk.0.ffn_up_exps.weight.in_sum2", squares, [Columns, 2]), ("blk.0.ffn_up_exps.weight.counts", [1, 1], [1, 2]));
        string path = Quantize(
            source, new QuantizationOptions { Mix = QuantizationMix.Find("Q4_K_S"), Importance = ImportanceMatrix.Load(sums) });

        TensorFormat format = TensorFormats.Get(TensorType.Q4_K);
        byte[] expected = new byte[2 * Rows * format.RowBytes(Columns)];
        for (int expert = 0; expert < 2; expert++)
        {
            format.QuantizeRows(
                weights.AsSpan(expert * Rows * Columns, Rows * Columns), Columns, squares.AsSpan(expert * Columns, Columns),
                expected.AsSpan(expert * expected.Length / 2, expected.Length / 2));
        }

        using GgufFile made = GgufFile.Open(path);
        Assert.Equal(expected, made.Tensors.Single().GetRows(0, 2 * Rows).ToArray());

        float[] Floats(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() - 0.5))];
    }

    [Fact]
    public void Run_KeepSplit_MakesAsManyFiles()
    {
        string source = SharedData.Require("conformance/split/stories260K-00001-of-00003.gguf");
        var options = new QuantizationOptions { Mix = QuantizationMix.Find("Q8_0"), KeepSplit = true };
        string path = NewPath();
        ModelQuantizer.Run(source, path, options);
        string[] names = [.. Enumerable.Range(1, 3).Select(part => $"{path[..^5]}-{part:D5}-of-00003.gguf")];
        Assert.Equal(names, Directory.GetFiles(_folder).Order());
        using GgufFile whole = GgufFile.Open(Quantize(source, options with { KeepSplit = false }));
        using GgufFile split = GgufFile.Open(names[1]);
        Assert.Equal((1, 3), (whole.Parts.Count, split.Parts.Count));
        Assert.Equal(whole.Tensors.Select(Describe).Order(), split.Tensors.Select(Describe).Order());
    }

    [Theory]
    [InlineData(float.NaN, "Q8_0", "found the weight NaN in row 1, column 36")]
    [InlineData(float.PositiveInfinity, "F16", "found the weight Infinity in row 1, column 36")]
    [InlineData(1e6f, "F16", "expected a finite number of at most 65504 for F16")]
    [InlineData(1e6f, "Q8_0", "expected a finite number of at most 65504 for Q8_0")]
    [InlineData(1e6f, "Q1_0", "expected a finite number of at most 65504 for Q4_0")]
    public void Run_WeightThatTheTypeCannotHold_IsRefusedAndLeavesNothing(float weight, string type, string expected)
    {
        float[] weights = new float[2 * 64];
        weights[100] = weight;
        string source = WriteModel(("blk.0.ffn_up.weight", weights, [64, 2]));
        var options = new QuantizationOptions { Mix = QuantizationMix.Find(type) };
        string message = Assert.Throws<ModelFormatException>(() => ModelQuantizer.Run(source, NewPath(), options)).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.Equal([source], Directory.GetFiles(_folder));
    }

    [Fact]
    public void Run_Cancelled_LeavesNothing()
    {
        var options = new QuantizationOptions { Mix = QuantizationMix.Find("Q4_K_M") };
        using var source = new CancellationTokenSource();
        var progress = new Cancelling(source);
        Assert.ThrowsAny<OperationCanceledException>(
            () => ModelQuantizer.Run(TestModels.Stories, NewPath(), options, progress, source.Token));
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public void Run_WhatCannotBe_IsRefusedInOneLine()
    {
        QuantizationMix mix = QuantizationMix.Find("Q4_0");
        Refused("requires an importance matrix", TinyNovel, new() { Mix = QuantizationMix.Find("Q2_K_S") });
        Refused("allow it with AllowRequantize", TestModels.SmolLm, new() { Mix = mix });
        Refused("is not a regular expression", TestModels.Stories, new() { Mix = mix, TensorTypes = [new("(", TensorType.Q8_0)] });
        Refused("takes too long", TestModels.Stories, new() { Mix = mix, TensorTypes = [new("^((.|..|...)*)*#", TensorType.Q8_0)] });
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public void Run_ImportanceOfAnotherModel_IsRefused()
    {
        QuantizationOptions Options(string name, int columns) => new()
        {
            Mix = QuantizationMix.Find("Q4_0"),
            Importance = ImportanceMatrix.Load(
                WriteModel("imatrix", (name + ".in_sum2", new float[columns], [columns]), (name + ".counts", [1], [1]))),
        };
        Refused("which the model lacks", TestModels.Stories, Options("blk.77.attn_q.weight", 64));
        Refused("32 values for tensor", TestModels.Stories, Options("blk.0.attn_q.weight", 32));
        Refused("has no tensor of the model", TestModels.Stories, Options("v.0.weight", 64));
    }

    [Fact]
    public void Run_OutputThatIsTheInputOrExists_IsRefused()
    {
        string source = NewPath();
        File.Copy(TestModels.Stories, source);
        var options = new QuantizationOptions { Mix = QuantizationMix.Find("Q8_0"), Overwrite = true };
        Assert.Throws<ArgumentException>(() => ModelQuantizer.Run(source, source, options));
        string other = NewPath();
        File.WriteAllText(other, "kept");
        Assert.ThrowsAny<IOException>(() => ModelQuantizer.Run(source, other, options with { Overwrite = false }));
        Assert.Equal("kept", File.ReadAllText(other));
        Assert.Equal(File.ReadAllBytes(TestModels.Stories), File.ReadAllBytes(source));
    }

    private void Refused(string expected, string source, QuantizationOptions options)
    {
        string message = Assert.Throws<ArgumentException>(() => ModelQuantizer.Run(source, NewPath(), options)).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    private static (string Name, TensorType Type, string Shape) Describe(GgufTensor tensor) =>
        (tensor.Name, tensor.Type, string.Join(' ', tensor.Dimensions.ToArray()));

    private string Quantize(string source, QuantizationOptions options)
    {
        string path = NewPath();
        QuantizationPlan plan = ModelQuantizer.Run(source, path, options);
        Assert.Empty(plan.Problems);
        using GgufFile made = GgufFile.Open(path);
        Assert.Equal(plan.NewBytes, made.Tensors.Sum(static tensor => tensor.ByteLength));
        return path;
    }

    private string NewPath() => Path.Combine(_folder, $"{Guid.NewGuid():N}.gguf");

    private string WriteModel(params (string Name, float[] Values, long[] Dimensions)[] tensors) => WriteModel("model", tensors);

    private string WriteModel(string type, params (string Name, float[] Values, long[] Dimensions)[] tensors) =>
        SmallFiles.Write(NewPath(), type, tensors);

    private sealed class Cancelling(CancellationTokenSource source) : IProgress<float>
    {
        public void Report(float value) => source.Cancel();
    }
}

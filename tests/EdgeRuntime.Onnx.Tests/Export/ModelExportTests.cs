using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using EdgeRuntime.Onnx.Tests.Support;
using EdgeRuntime.Quantization;
using EdgeRuntime.Tests.Models;
using EdgeRuntime.Tests.Support;
using EdgeRuntime.TestSupport;
using Onnx;
using Xunit;

namespace EdgeRuntime.Onnx.Tests.Export;

/// <summary>Exported models give the logits of the processor's engine with exact arithmetic.</summary>
public sealed class ModelExportTests : IDisposable
{
    /// <summary>
    /// The greatest normalized error. Measured: 1.3e-10 with the 30 layers of SmolLM2, a relative error of 1.1e-5, and less elsewhere.
    /// </summary>
    private const double Bound = 1e-9;

    private static readonly int[] s_prompt = [1, 5, 17, 80, 3, 9, 120, 44, 7, 7, 200, 31, 150, 2, 18, 90, 66];

    private readonly string _folder = Directory.CreateTempSubdirectory("edgert-onnx-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    public static IEnumerable<TheoryDataRow<string>> TinyNovels() =>
        from type in (string[])["F16", "Q2_K", "Q4_K_M", "IQ1_S", "IQ2_XS", "IQ3_XXS", "IQ4_XS"] select new TheoryDataRow<string>(type);

    [Theory]
    [MemberData(nameof(TinyNovels))]
    public void Export_TinyNovelOfEachType_GivesTheExactLogits(string type) =>
        AssertLogits(SharedData.Require($"models/tiny-novel-{type}.gguf"), OnnxProfile.CpuExact);

    public static IEnumerable<TheoryDataRow<string>> QuantizedTypes() =>
        from type in QuantizationMix.TensorTypes
        where TensorFormats.Find(type) is { Shape: not null }
        select new TheoryDataRow<string>(type.ToString());

    /// <summary>The embedding, all matrices and the output matrix have the type.</summary>
    [Theory]
    [MemberData(nameof(QuantizedTypes))]
    public void Export_ModelOfOneType_GivesTheExactLogits(string type)
    {
        string source = SharedData.Require("models/tiny-novel-F16.gguf");
        TensorType one = Enum.Parse<TensorType>(type);
        var options = new QuantizationOptions
        {
            Mix = QuantizationMix.Find("Q8_0"),
            TensorTypes = [new TensorTypePattern(".*", one)],
            TokenEmbeddingType = one,
            OutputTensorType = one,
        };
        using (GgufFile file = GgufFile.Open(source))
        {
            IReadOnlyList<string> problems = QuantizationPlan.Create(file, options).Problems;
            Assert.SkipUnless(problems.Count == 0, string.Concat(problems.Take(1)));
        }

        string path = Path.Combine(_folder, "model.gguf");
        ModelQuantizer.Run(source, path, options);
        AssertLogits(path, OnnxProfile.CpuExact);
    }

    [Theory]
    [InlineData("TQ1_0")]
    [InlineData("TQ2_0")]
    public void Export_TernaryModel_GivesTheExactLogits(string type) =>
        AssertLogits(SharedData.Require($"models/tiny-bitnet-{type}.gguf"), OnnxProfile.CpuExact);

    [Fact]
    public void Export_BundledModel_GivesTheExactLogits() => AssertLogits(TestModels.SmolLm, OnnxProfile.CpuExact);

    [Fact]
    public void Export_SmallModel_GivesTheExactLogits() => AssertLogits(TestModels.Stories, OnnxProfile.CpuExact);

    /// <summary>What DirectML needs runs on the processor too, which has no other way to test it here.</summary>
    [Fact]
    public void Export_ProfileOfDirectMl_GivesTheExactLogits() => AssertLogits(
        TestModels.Stories, OnnxProfile.DirectMl with { UsesFloat16 = false });

    /// <summary>Activations of 8 bits and of float16 are rounded, so their errors have bounds of their own.</summary>
    [Theory]
    [InlineData("onnx-cpu", 2e-3)]
    [InlineData("dml", 1e-5)]
    public void Export_ProfileThatRounds_StaysNearTheExactLogits(string name, double bound)
    {
        OnnxProfile profile = OnnxProfile.All.Single(profile => profile.Name == name);
        (LogitsFile reference, int[] prompt) = Exact(TestModels.SmolLm);
        using var runner = new OnnxRunner(Export(TestModels.SmolLm, profile), prompt.Length);
        Assert.InRange(reference.NormalizedError(runner.Run(prompt, 0)), 1e-10, bound);
    }

    [Fact]
    public void Export_GraphFiles_AreReadByAnotherLibrary()
    {
        string folder = Export(TestModels.SmolLm, OnnxProfile.Cpu);
        foreach (string name in (string[])["model.onnx", "engine.onnx"])
        {
            ModelProto model = ModelProto.Parser.ParseFromFile(Path.Combine(folder, name));
            Assert.Equal(30, model.Graph.Node.Count(static node => node.OpType == "GroupQueryAttention"));
            Assert.Equal(211, model.Graph.Node.Count(static node => node.OpType == "MatMulNBits"));
            Assert.Equal(61, model.Graph.Output.Count);
            AttributeProto bits = model.Graph.Node.First(static node => node.OpType == "MatMulNBits").Attribute
                .Single(static attribute => attribute.Name == "bits");
            Assert.Equal((AttributeProto.Types.AttributeType.Int, 4), (bits.Type, bits.I));
            long length = new FileInfo(Path.Combine(folder, "model.onnx.data")).Length;
            Assert.All(
                model.Graph.Initializer.Where(static tensor => tensor.DataLocation == TensorProto.Types.DataLocation.External),
                tensor => Assert.InRange(Entry(tensor, "offset") + Entry(tensor, "length"), 1, length));
            Assert.All(
                model.Graph.Initializer.Where(static tensor => tensor.DataLocation == TensorProto.Types.DataLocation.External),
                static tensor => Assert.Equal(0, Entry(tensor, "offset") % 4096));
        }
    }

    [Fact]
    public void Open_ByteLength_IsThatOfTheFolder()
    {
        using OnnxExport export = OnnxExport.Open(TestModels.Stories, new OnnxExportOptions());
        string folder = Path.Combine(_folder, "sized");
        export.Write(folder);
        long files = Directory.GetFiles(folder).Where(static file => !file.EndsWith(".json", StringComparison.Ordinal))
            .Sum(static file => new FileInfo(file).Length);
        Assert.Equal(export.ByteLength, files);
    }

    [Fact]
    public void Export_FolderWithFiles_IsRefusedAndKept()
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder, "full")).FullName;
        File.WriteAllText(Path.Combine(folder, "mine.txt"), "mine");
        IOException error = Assert.ThrowsAny<IOException>(() => OnnxExporter.Export(TestModels.Stories, folder, OnnxProfile.Cpu));
        Assert.Contains("exists already", error.Message, StringComparison.Ordinal);
        Assert.Equal(["mine.txt"], Directory.GetFiles(folder).Select(Path.GetFileName));
    }

    [Fact]
    public void Export_Cancelled_LeavesNothing()
    {
        string folder = Path.Combine(_folder, "cancelled");
        using var source = new System.Threading.CancellationTokenSource();
        var progress = new Reports(_ => source.Cancel());
        Assert.Throws<OperationCanceledException>(
            () => OnnxExporter.Export(TestModels.SmolLm, folder, OnnxProfile.Cpu, progress, source.Token));
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void Export_TypeWithoutExactForm_IsRefusedByNameOrQuantized()
    {
        OnnxProfile profile = OnnxProfile.CpuExact with { Name = "four-bits", Bits = [4] };
        string path = SharedData.Require("models/tiny-novel-Q4_K_M.gguf");
        Exception error = Assert.Throws<UnsupportedModelException>(
            () => OnnxExporter.Export(path, Path.Combine(_folder, "refused"), profile));
        Assert.Contains("Q6_K", error.Message, StringComparison.Ordinal);
        Assert.Contains("four-bits", error.Message, StringComparison.Ordinal);
        using OnnxExport export = OnnxExport.Open(path, new OnnxExportOptions { Profile = profile, Requantize = "Q4_0" });
        export.Write(Path.Combine(_folder, "requantized"));
        Assert.NotEmpty(export.Requantized);
        Assert.All(export.Requantized, static tensor => Assert.Equal(("Q6_K", "Q4_0"), (tensor.SourceType, tensor.TargetType)));
        Assert.All(export.Requantized, static tensor => Assert.InRange(tensor.Error, 0.01, 0.2));
    }

    [Fact]
    public void Open_ModuleWithoutTranslation_IsRefusedByName()
    {
        string path = RandomModels.PathOf("dream-dense");
        Exception error = Assert.Throws<UnsupportedModelException>(() => OnnxExport.Open(path, new OnnxExportOptions()));
        Assert.Contains("later positions", error.Message, StringComparison.Ordinal);
        Assert.Contains("Attention", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    private static long Entry(TensorProto tensor, string key) => long.Parse(
        tensor.ExternalData.Single(entry => entry.Key == key).Value, System.Globalization.CultureInfo.InvariantCulture);

    private void AssertLogits(string path, OnnxProfile profile)
    {
        (LogitsFile reference, int[] prompt) = Exact(path);
        using var runner = new OnnxRunner(Export(path, profile), prompt.Length + 5);
        Assert.InRange(reference.NormalizedError(runner.Run(prompt, 0)), 0, Bound);

        // A first part, single tokens, and the rest at once.
        List<float> parts = [.. runner.Run(prompt.AsSpan(0, 7), 0)];
        for (int position = 7; position < 11; position++)
        {
            parts.AddRange(runner.Run(prompt.AsSpan(position, 1), position));
        }

        parts.AddRange(runner.Run(prompt.AsSpan(11), 11));
        Assert.InRange(reference.NormalizedError(parts.ToArray()), 0, Bound);
    }

    private static (LogitsFile Reference, int[] Prompt) Exact(string path)
    {
        using var model = LanguageModel.Load(path, new ModelOptions { Exact = true });
        int[] prompt = Array.ConvertAll(s_prompt, token => token % model.VocabularySize);
        float[] expected = ModelRunner.Logits(model, prompt, prompt.Length, KvCacheType.F32);
        return (new LogitsFile(prompt, model.VocabularySize, expected), prompt);
    }

    private string Export(string path, OnnxProfile profile)
    {
        string folder = Path.Combine(_folder, "model");
        OnnxExporter.Export(path, folder, profile);
        return folder;
    }

    private sealed class Reports(Action<float> report) : IProgress<float>
    {
        public void Report(float value) => report(value);
    }
}

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeRuntime.Cli.Bench.Plan;
using EdgeRuntime.Cli.Bench.Synthesis;
using EdgeRuntime.Cli.Tests.Support;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using EdgeRuntime.Kernels;
using EdgeRuntime.Quantization;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Bench;

public sealed class SyntheticModelTests
{
    public static IEnumerable<TheoryDataRow<string>> Types => QuantizationMix.All.Select(mix => new TheoryDataRow<string>(mix.Name));

    /// <summary>Gets the first shape of each family, in three types.</summary>
    public static IEnumerable<TheoryDataRow<string, string>> Families =>
        from shape in ModelShape.All.DistinctBy(shape => shape.Family)
        from type in (string[])["Q4_0", "Q4_K_M", "F32"]
        select new TheoryDataRow<string, string>(shape.Name, type);

    [Theory]
    [MemberData(nameof(Types))]
    public void Write_EveryType_LoadsWithFiniteLogits(string type)
    {
        using var folder = new TemporaryFolder();
        string path = Write(folder, "tiny", type);
        Assert.Equal(QuantizationMix.Find(type).FileType, QuantizationMix.Find(ModelCard.Read(path).Type).FileType);
        Assert.SkipUnless(Problems(path).Count == 0, string.Join("; ", Problems(path)));
        using LanguageModel model = LanguageModel.Load(path);
        using ModelSession session = model.CreateSession(new SessionOptions { ContextLength = 8 });
        float[] logits = session.Forward([1, 2, 3]).ToArray();
        Assert.All(logits, logit => Assert.True(float.IsFinite(logit)));
        Assert.True(logits.Max() > logits.Min());
        Assert.Equal(model.VocabularySize, model.Tokenizer.VocabularySize);
    }

    /// <summary>In every tensor type: weights of about the same spread, around zero.</summary>
    [Theory]
    [MemberData(nameof(Types))]
    public void Write_EveryType_HasWeightsOfTheExpectedSpread(string type)
    {
        using var folder = new TemporaryFolder();
        using GgufFile file = GgufFile.Open(Write(folder, "tiny", type));
        foreach (IGrouping<TensorType, GgufTensor> tensors in file.Tensors.Where(tensor => tensor.Rows > 1).GroupBy(tensor => tensor.Type))
        {
            GgufTensor tensor = tensors.First();
            float[] weights = new float[tensor.Rows * tensor.Columns];
            TensorFormats.All.Single(format => format.Type == tensor.Type).Dequantize(tensor.GetRows(0, (int)tensor.Rows), weights);
            double deviation = Math.Sqrt(weights.Average(static weight => (double)weight * weight));
            Assert.InRange(deviation, 0.017, 0.025);
            Assert.InRange(weights.Average(), -0.25 * deviation, 0.25 * deviation);
        }
    }

    /// <summary>All but I2_S, which llama.cpp can't load: there would be nothing to compare with.</summary>
    [Fact]
    public void All_TypesWithBlocks_AreInAMix() => Assert.Equal(
        [TensorType.I2_S], TensorFormats.All.Select(format => format.Type).Except(QuantizationMix.All.Select(mix => mix.BaseType)));

    [Fact]
    public void Write_Twice_GivesTheSameBytes()
    {
        using var folder = new TemporaryFolder();
        byte[] first = File.ReadAllBytes(Write(folder, "tiny", "Q4_K_M"));
        Assert.Equal(first, File.ReadAllBytes(Write(folder, "tiny", "Q4_K_M")));
    }

    [Fact]
    public void Shapes_AllOfThem_AreConsistent() => Assert.All(ModelShape.All, shape =>
    {
        Assert.Equal(0, shape.Heads % shape.KvHeads);
        Assert.Equal(0, shape.Hidden % 32);
        Assert.Equal(0, shape.FeedForward % 32);
    });

    [Fact]
    public void Parse_NameWithSizes_ChangesThem()
    {
        ModelShape shape = ModelShape.Parse("qwen-0.5b,layers=2,vocab=1003");
        Assert.Equal(ModelShape.Find("qwen-0.5b") with { Name = "qwen-0.5b,layers=2,vocab=1003", Layers = 2, Vocabulary = 1003 }, shape);
        Assert.Equal(
            new ModelShape(
                "tiny,hidden=96,feed-forward=160,layers=1,heads=3,kv-heads=1,head=32,vocab=258", 96, 160, 1, 3, 1, 32, 258, Tied: true),
            ModelShape.Parse("tiny,hidden=96,feed-forward=160,layers=1,heads=3,kv-heads=1,head=32,vocab=258"));
    }

    [Theory]
    [InlineData("tiny,layers", "expected one of hidden=N, feed-forward=N, layers=N, heads=N, kv-heads=N, head=N, vocab=N")]
    [InlineData("tiny,depth=1", "expected one of hidden=N")]
    [InlineData("tiny,layers=0", "expected a number of 1 to 1024")]
    [InlineData("tiny,layers=2000000000000", "expected a number of 1 to 1024")]
    [InlineData("tiny,vocab=100", "expected a vocabulary of 258 or more")]
    [InlineData("tiny,kv-heads=3", "expected heads that kv-heads divide")]
    [InlineData("tiny,head=31", "expected an even head")]
    [InlineData("tiny,hidden=100", "that 32 divides")]
    public void Parse_WhatNoModelHas_SaysWhatIsExpected(string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<ArgumentException>(() => ModelShape.Parse(text)).Message, StringComparison.Ordinal);

    /// <summary>Shapes of well-known models, with fewer layers and a vocabulary that no panel divides.</summary>
    [Theory]
    [InlineData("qwen-1.5b")]
    [InlineData("llama-3b")]
    [Trait("Speed", "Slow")]
    public void Forward_LargerShapes_DoNotDependOnThreadsInstructionSetOrStart(string shape) => Compare(shape);

    /// <inheritdoc cref="Forward_LargerShapes_DoNotDependOnThreadsInstructionSetOrStart"/>
    [Fact]
    public void Forward_WellKnownShape_DoesNotDependOnThreadsInstructionSetOrStart() => Compare("qwen-0.5b");

    private static void Compare(string shape)
    {
        foreach (string type in (string[])["Q4_0", "Q4_1", "Q5_0", "IQ4_NL", "Q4_K_M", "Q6_K", "Q5_K_M", "Q8_0", "F16", "BF16"])
        {
            using var folder = new TemporaryFolder();
            string path = Write(folder, shape + ",layers=1,vocab=1003", type);
            float[] expected = Logits(path, new ModelOptions { Threads = 1 });
            Assert.Equal(expected, Logits(path, new ModelOptions { Threads = 2 }));
            Assert.Equal(expected, Logits(path, new ModelOptions { Threads = 2, QuickStart = true, QuickStartBytes = 0 }));
            if (InstructionSet.All.Any(set => set is { Name: "avx2", IsSupported: true }))
            {
                Assert.Equal(expected, Logits(path, new ModelOptions { Threads = 2, InstructionSet = "avx2" }));
            }
        }
    }

    /// <summary>The modules of every family, in fewer layers of less width.</summary>
    [Theory]
    [MemberData(nameof(Families))]
    public void Forward_EveryFamily_IsFiniteOnEveryNumberOfThreads(string shape, string type)
    {
        using var folder = new TemporaryFolder();
        string path = Write(folder, shape + ",layers=4,hidden=256,feed-forward=256,vocab=1003", type);
        float[] expected = Logits(path, new ModelOptions { Threads = 1 });
        Assert.All(expected, logit => Assert.True(float.IsFinite(logit)));
        Assert.True(expected.Max() > expected.Min());
        Assert.Equal(expected, Logits(path, new ModelOptions { Threads = 2 }));
    }

    [Fact]
    public void ModelCard_Experts_CountsThoseOfAToken()
    {
        using var folder = new TemporaryFolder();
        string path = Write(folder, "experts,layers=1,hidden=256,feed-forward=256,heads=4,kv-heads=4,vocab=258", "F32");
        const int Attention = 4 * 256 * 256;
        const int Router = 32 * 256;
        const int Expert = 3 * 256 * 256;
        const int Others = Attention + Router + (258 * 256) + (3 * 256) + (2 * 64);
        ModelCard card = ModelCard.Read(path);
        Assert.Equal(Attention + Router + (4 * Expert), card.LayerMacs);
        Assert.Equal((Others + (4.0 * Expert)) / (Others + (32.0 * Expert)), card.ReadShare, tolerance: 1e-9);
    }

    /// <summary>Files of pruned models have a number of experts for each layer, and 0 for layers without any.</summary>
    [Fact]
    public void ModelCard_ExpertsOfEachLayer_CountsTheirMean()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "model.gguf");
        using (FileStream file = File.Create(path))
        {
            var writer = new GgufWriter(file);
            writer.AddKey("general.architecture", "nemotron_h_moe");
            writer.AddKey("nemotron_h_moe.expert_count", 8);
            writer.AddKey("nemotron_h_moe.expert_used_count", (int[])[2, 0, 4]);
            writer.AddTensor("token_embd.weight", TensorType.F32, 64, 4);
            writer.AddTensor("blk.0.ffn_up_exps.weight", TensorType.F32, 64, 4, 8);
            writer.WriteData(new byte[64 * 4 * sizeof(float)]);
            writer.WriteData(new byte[64 * 4 * 8 * sizeof(float)]);
            writer.Complete();
        }

        ModelCard card = ModelCard.Read(path);
        Assert.Equal((1 + (8 * (3.0 / 8))) / (1 + 8), card.ReadShare, tolerance: 1e-9);
        Assert.Equal(64 * 4 * 3, card.LayerMacs);
    }

    /// <summary>llama.cpp's quantizer leaves routers as they are, and gives all experts the types of one feed-forward.</summary>
    [Fact]
    public void Write_Experts_GivesTheTypesOfTheMix()
    {
        using var folder = new TemporaryFolder();
        using GgufFile file = GgufFile.Open(Write(folder, "experts,layers=1,hidden=256,feed-forward=256,vocab=1003", "Q4_K_M"));
        TensorType TypeOf(string name) => file.Tensors.Single(tensor => tensor.Name == name).Type;
        Assert.Equal(TensorType.F32, TypeOf("blk.0.ffn_gate_inp.weight"));
        Assert.Equal(TensorType.Q4_K, TypeOf("blk.0.ffn_up_exps.weight"));
        Assert.Equal(TensorType.Q6_K, TypeOf("blk.0.ffn_down_exps.weight"));
    }

    [Theory]
    [InlineData("tiny")]
    [InlineData("tiny:Q9")]
    [InlineData("huge:Q4_0")]
    [InlineData("tiny,layers=0:Q4_0")]
    public void MakeModel_UnknownShapeOrType_IsOneLine(string wanted)
    {
        EdgertResult result = Edgert.Run("bench", "--make-model", wanted, "never-written.gguf");
        Assert.NotEqual(0, result.ExitCode);
        result.ExpectErrorLine(result.ExitCode);
        Assert.False(File.Exists("never-written.gguf"));
    }

    [Fact]
    public void MakeModel_FileThatCannotBe_SaysWhy()
    {
        using var folder = new TemporaryFolder();
        string refusal = Edgert.Run("bench", "--make-model", "tiny:Q4_0", folder.Path).ExpectErrorLine(1);
        Assert.Contains("is a folder, expected a file", refusal, StringComparison.Ordinal);
        string nowhere = folder.File(Path.Combine("nowhere", "x.gguf"));
        Assert.Contains(
            "no such folder as", Edgert.Run("bench", "--make-model", "tiny:Q4_0", nowhere).ExpectErrorLine(1), StringComparison.Ordinal);
    }

    /// <summary>Of the last of three tokens, and of two more.</summary>
    private static float[] Logits(string path, ModelOptions options)
    {
        using LanguageModel model = LanguageModel.Load(path, options with { UseTuningProfile = false });
        using ModelSession session = model.CreateSession(new SessionOptions { ContextLength = 8 });
        float[] prefill = session.Forward([1, 2, 3]).ToArray();
        float[] next = session.Forward([4]).ToArray();
        return [.. prefill, .. next, .. session.Forward([5])];
    }

    private static IReadOnlyList<string> Problems(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        return ModelInspection.Inspect(file).Problems;
    }

    private static string Write(TemporaryFolder folder, string shape, string type)
    {
        string path = folder.File($"{shape}-{type}.gguf");
        using FileStream file = File.Create(path);
        SyntheticModel.Write(ModelShape.Parse(shape), QuantizationMix.Find(type), file);
        file.Dispose();
        using GgufFile read = GgufFile.Open(path);
        read.RequireComplete();
        return path;
    }
}

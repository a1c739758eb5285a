using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeRuntime.Cli.Bench;
using EdgeRuntime.Cli.Bench.Synthesis;
using EdgeRuntime.Cli.Tests.Support;
using EdgeRuntime.Gguf;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Bench;

public sealed class SyntheticModelTests
{
    public static IEnumerable<TheoryDataRow<string>> Types => TypeMix.All.Select(mix => new TheoryDataRow<string>(mix.Name));

    [Theory]
    [MemberData(nameof(Types))]
    public void Write_EveryType_LoadsWithFiniteLogits(string type)
    {
        using var folder = new TemporaryFolder();
        string path = Write(folder, "tiny", type);
        Assert.Equal(type, ModelCard.Read(path).Type);
        using LanguageModel model = LanguageModel.Load(path);
        using ModelSession session = model.CreateSession(new SessionOptions { ContextLength = 8 });
        float[] logits = session.Forward([1, 2, 3]).ToArray();
        Assert.All(logits, logit => Assert.True(float.IsFinite(logit)));
        Assert.True(logits.Max() > logits.Min());
        Assert.Equal(model.VocabularySize, model.Tokenizer.VocabularySize);
    }

    [Fact]
    public void Write_Twice_GivesTheSameBytes()
    {
        using var folder = new TemporaryFolder();
        byte[] first = File.ReadAllBytes(Write(folder, "tiny", "Q4_K_M"));
        Assert.Equal(first, File.ReadAllBytes(Write(folder, "tiny", "Q4_K_M")));
    }

    [Fact]
    public void OfLayer_Q4_K_M_GivesHalfOfValueAndDownMoreBits()
    {
        TypeMix mix = TypeMix.Find("q4_k_m");
        ModelShape shape = ModelShape.Find("llama-1b");
        string[] types = [.. Enumerable.Range(0, 16).Select(layer => mix.OfLayer("ffn_down", layer, shape, 8192).ToString())];
        Assert.Equal(8, types.Count(type => type == "Q6_K"));
        Assert.Equal("Q4_K", mix.OfLayer("ffn_up", 0, shape, 2048).ToString());
        Assert.Equal("Q5_0", mix.OfLayer("ffn_up", 0, shape, 576).ToString());
        Assert.Equal("Q6_K", mix.OfEnds(tied: true, 2048).Embedding.ToString());
        Assert.Equal("Q4_K", mix.OfEnds(tied: false, 2048).Embedding.ToString());
    }

    [Fact]
    public void OfLayer_IQ4_XS_GivesSharedValuesAndTheFirstDownMoreBits()
    {
        TypeMix mix = TypeMix.Find("IQ4_XS");
        (ModelShape four, ModelShape three) = (ModelShape.Find("llama-1b"), ModelShape.Find("smollm2-135m"));
        Assert.Equal("Q5_K", mix.OfLayer("attn_v", 15, four, 2048).ToString());
        Assert.Equal("IQ4_NL", mix.OfLayer("attn_v", 15, three, 576).ToString());
        Assert.Equal("Q5_K", mix.OfLayer("ffn_down", 2, three, 1536).ToString());
        Assert.Equal("IQ4_XS", mix.OfLayer("ffn_down", 3, three, 1536).ToString());
    }

    [Fact]
    public void Shapes_AllOfThem_AreConsistent() => Assert.All(ModelShape.All, shape =>
    {
        Assert.Equal(0, shape.Heads % shape.KvHeads);
        Assert.Equal(0, shape.Hidden % 32);
        Assert.Equal(0, shape.FeedForward % 32);
    });

    [Theory]
    [InlineData("tiny")]
    [InlineData("tiny:Q9")]
    [InlineData("huge:Q4_0")]
    public void MakeModel_UnknownShapeOrType_IsOneLine(string wanted)
    {
        EdgertResult result = Edgert.Run("bench", "--make-model", wanted, "never-written.gguf");
        Assert.NotEqual(0, result.ExitCode);
        result.ExpectErrorLine(result.ExitCode);
        Assert.False(File.Exists("never-written.gguf"));
    }

    private static string Write(TemporaryFolder folder, string shape, string type)
    {
        string path = folder.File($"{shape}-{type}.gguf");
        using FileStream file = File.Create(path);
        SyntheticModel.Write(ModelShape.Find(shape), TypeMix.Find(type), file);
        file.Dispose();
        using GgufFile read = GgufFile.Open(path);
        read.RequireComplete();
        return path;
    }
}

using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Formats;
using EdgeRuntime.Quantization;
using Xunit;

namespace EdgeRuntime.Tests.Quantization;

/// <summary>The types that llama.cpp v0.5.0 gives the tensors of a model.</summary>
public sealed class QuantizationMixTests
{
    private static readonly ModelSizes s_llama1B = new(16, 2048, 8192, 32, 8);
    private static readonly ModelSizes s_smolLm = new(30, 576, 1536, 9, 3);
    private static readonly ModelSizes s_tinyLlama = new(22, 2048, 5632, 32, 4) { IsTied = false };
    private static readonly ModelSizes s_pairs = new(20, 2048, 6144, 32, 16) { IsTied = false };

    [Theory]
    [InlineData("q4_k_m", "Q4_K_M", 15)]
    [InlineData("Q4_K", "Q4_K_M", 15)]
    [InlineData("Q3_K", "Q3_K_M", 12)]
    [InlineData("iq2_xxs", "IQ2_XXS", 19)]
    [InlineData("MXFP4_MOE", "MXFP4_MOE", 38)]
    public void Find_Name_IsInAnyCase(string name, string expected, int fileType)
    {
        QuantizationMix mix = QuantizationMix.Find(name);
        Assert.Equal((expected, fileType), (mix.Name, mix.FileType));
    }

    [Theory]
    [InlineData("Q9")]
    [InlineData("")]
    [InlineData("IQ3")]
    public void Find_UnknownName_ListsAll(string name)
    {
        string message = Assert.Throws<ArgumentException>(() => QuantizationMix.Find(name)).Message;
        Assert.All(QuantizationMix.All, mix => Assert.Contains(mix.Name, message, StringComparison.Ordinal));
    }

    [Fact]
    public void ChooseTypes_Q4_K_M_GivesHalfOfValueAndDownMoreBits()
    {
        Types types = s_llama1B.Choose("Q4_K_M");
        Assert.Equal(8, Enumerable.Range(0, 16).Count(layer => types.Of($"blk.{layer}.ffn_down") == "Q6_K"));
        Assert.Equal(8, Enumerable.Range(0, 16).Count(layer => types.Of($"blk.{layer}.attn_v") == "Q6_K"));
        Assert.Equal("Q4_K", types.Of("blk.0.ffn_up"));
        Assert.Equal("Q6_K", types.Of("token_embd"));
        Assert.Equal("F32", types.Of("blk.0.attn_norm"));
        Assert.Equal("Q4_K", (s_llama1B with { IsTied = false }).Choose("Q4_K_M").Of("token_embd"));
        Assert.Equal("Q5_0", s_smolLm.Choose("Q4_K_M").Of("blk.0.ffn_up"));
    }

    [Fact]
    public void ChooseTypes_IQ4_XS_GivesSharedValuesAndTheFirstDownMoreBits()
    {
        Assert.Equal("Q5_K", s_llama1B.Choose("IQ4_XS").Of("blk.15.attn_v"));
        Types types = s_smolLm.Choose("IQ4_XS");
        Assert.Equal("IQ4_NL", types.Of("blk.15.attn_v"));
        Assert.Equal("Q5_K", types.Of("blk.2.ffn_down"));
        Assert.Equal("IQ4_XS", types.Of("blk.3.ffn_down"));
        Assert.Equal("IQ4_XS", s_smolLm.Choose("IQ4_XS", hasImportance: true).Of("blk.2.ffn_down"));
        Assert.Equal("Q8_0", types.Of("token_embd"));
    }

    /// <summary>A model with eight query heads a KV head, or two.</summary>
    [Theory]
    [InlineData("Q2_K", "Q4_K", "Q3_K", "Q3_K", "Q3_K", "Q2_K", "Q2_K")]
    [InlineData("Q2_K_S", "Q4_K", "Q2_K", "Q4_K", "Q2_K", "Q2_K", "Q2_K")]
    [InlineData("Q3_K_M", "Q5_K", "Q4_K", "Q5_K", "Q4_K", "Q3_K", "Q3_K")]
    [InlineData("Q3_K_L", "Q5_K", "Q5_K", "Q5_K", "Q5_K", "Q3_K", "Q3_K")]
    [InlineData("IQ1_S", "Q4_K", "IQ2_XXS", "Q2_K", "Q2_K", "IQ1_S", "Q2_K")]
    [InlineData("IQ2_XXS", "Q4_K", "IQ2_XXS", "Q2_K", "Q2_K", "IQ2_XXS", "Q2_K")]
    [InlineData("IQ2_M", "Q4_K", "IQ3_S", "IQ3_S", "IQ3_S", "IQ2_S", "IQ3_S")]
    [InlineData("IQ3_XXS", "Q4_K", "IQ3_S", "IQ3_XXS", "IQ3_XXS", "IQ2_S", "IQ3_S")]
    [InlineData("IQ3_M", "Q4_K", "Q4_K", "Q4_K", "Q4_K", "IQ3_S", "IQ3_S")]
    [InlineData("TQ2_0", "TQ2_0", "TQ2_0", "TQ2_0", "TQ2_0", "TQ2_0", "Q4_K")]
    public void ChooseTypes_LowBits_GivesSomeMatricesMore(
        string name, string sharedValue, string output, string firstDown, string value, string query, string embedding)
    {
        Types shared = s_tinyLlama.Choose(name, hasImportance: true);
        Types pairs = s_pairs.Choose(name, hasImportance: true);
        Assert.Equal(sharedValue, shared.Of("blk.0.attn_v"));
        Assert.Equal(output, shared.Of("blk.9.attn_output"));
        Assert.Equal(firstDown, shared.Of("blk.0.ffn_down"));
        Assert.Equal(value, pairs.Of("blk.9.attn_v"));
        Assert.Equal(query, pairs.Of("blk.9.attn_q"));
        Assert.Equal(embedding, shared.Of("token_embd"));
    }

    /// <summary>Eight heads share the values of a Llama of 80 layers: their matrices are small and get more bits.</summary>
    [Theory]
    [InlineData("Q2_K", "Q5_K")]
    [InlineData("Q3_K_S", "Q5_K")]
    [InlineData("Q4_K_S", "Q5_K")]
    [InlineData("IQ3_M", "Q5_K")]
    [InlineData("IQ2_M", "Q4_K")]
    public void ChooseTypes_70B_GivesValuesFiveBits(string name, string expected) =>
        Assert.Equal(expected, new ModelSizes(80, 8192, 28_672, 64, 8).Choose(name).Of("blk.40.attn_v"));

    [Theory]
    [InlineData("Q4_K_M", "Q8_0", "Q8_0", "Q5_K")]
    [InlineData("Q3_K_L", "Q8_0", "Q8_0", "Q3_K")]
    [InlineData("IQ2_XXS", "Q4_K", "Q4_K", "Q5_K")]
    public void ChooseTypes_EightExperts_GivesAttentionMoreBits(string name, string value, string key, string output)
    {
        Types types = (s_llama1B with { Experts = 8 }).Choose(name);
        Assert.Equal((value, key, output), (types.Of("blk.9.attn_v"), types.Of("blk.9.attn_k"), types.Of("blk.9.attn_output")));
    }

    [Fact]
    public void ChooseTypes_MXFP4_MOE_GivesItToExpertsOnly()
    {
        Types types = (s_llama1B with { Experts = 32 }).Choose("MXFP4_MOE");
        Assert.Equal("MXFP4", types.Of("blk.3.ffn_up_exps"));
        Assert.Equal("Q8_0", types.Of("blk.3.attn_q"));
        Assert.Equal("Q8_0", types.Of("token_embd"));
    }

    [Theory]
    [InlineData("Q4_0", 100, "F16")]
    [InlineData("Q6_K", 96, "Q8_0")]
    [InlineData("Q1_0", 96, "Q4_0")]
    [InlineData("NVFP4", 96, "MXFP4")]
    [InlineData("IQ3_S", 96, "IQ4_NL")]
    public void ChooseTypes_RowsThatAreNotWholeBlocks_FallBack(string name, int columns, string expected)
    {
        TensorDescription tensor = new("blk.0.ssm_in.weight", TensorType.F32, columns, 8);
        Assert.Equal(expected, QuantizationMix.Find(name).ChooseTypes(new("mamba", 1, 0, 0), [tensor]).Single().ToString());
    }

    [Theory]
    [InlineData("blk.0.attn_norm.weight", 256, 2)]
    [InlineData("blk.0.ffn_gate_inp.weight", 256, 8)]
    [InlineData("blk.0.ssm_conv1d.weight", 4, 256)]
    [InlineData("blk.0.attn_q.bias", 256, 2)]
    [InlineData("position_embd.weight", 256, 512)]
    [InlineData("blk.0.attn_q.weight", 256, 1)]
    public void ChooseTypes_OtherTensors_KeepTheirType(string name, int columns, int rows) => Assert.Equal(
        [TensorType.F32],
        QuantizationMix.Find("Q4_0").ChooseTypes(new("llama", 1, 4, 4), [new TensorDescription(name, TensorType.F32, columns, rows)]));

    private sealed record ModelSizes(int Layers, int Hidden, int FeedForward, int Heads, int KvHeads, int Experts = 0)
    {
        public bool IsTied { get; init; } = true;

        public Types Choose(string name, bool hasImportance = false)
        {
            TensorDescription[] tensors = [.. Tensors()];
            var model = new QuantizationModel("llama", Layers, Heads, KvHeads, Experts);
            IReadOnlyList<TensorType> types = QuantizationMix.Find(name).ChooseTypes(model, tensors, hasImportance);
            return new Types(tensors.Zip(types).ToDictionary(static pair => pair.First.Name, static pair => pair.Second));
        }

        private IEnumerable<TensorDescription> Tensors()
        {
            yield return Matrix("token_embd", Hidden, 32_000);
            for (int layer = 0; layer < Layers; layer++)
            {
                yield return new($"blk.{layer}.attn_norm.weight", TensorType.F32, Hidden);
                yield return Matrix($"blk.{layer}.attn_q", Hidden, Hidden);
                yield return Matrix($"blk.{layer}.attn_k", Hidden, Hidden / Heads * KvHeads);
                yield return Matrix($"blk.{layer}.attn_v", Hidden, Hidden / Heads * KvHeads);
                yield return Matrix($"blk.{layer}.attn_output", Hidden, Hidden);
                string suffix = Experts > 0 ? "_exps" : "";
                yield return Matrix($"blk.{layer}.ffn_gate{suffix}", Hidden, FeedForward, Math.Max(Experts, 1));
                yield return Matrix($"blk.{layer}.ffn_up{suffix}", Hidden, FeedForward, Math.Max(Experts, 1));
                yield return Matrix($"blk.{layer}.ffn_down{suffix}", FeedForward, Hidden, Math.Max(Experts, 1));
            }

            if (!IsTied)
            {
                yield return Matrix("output", Hidden, 32_000);
            }
        }

        private static TensorDescription Matrix(string name, params long[] dimensions) => new(name + ".weight", TensorType.F32, dimensions);
    }

    private sealed class Types(Dictionary<string, TensorType> types)
    {
        public string Of(string tensor) => types[tensor + ".weight"].ToString();
    }
}

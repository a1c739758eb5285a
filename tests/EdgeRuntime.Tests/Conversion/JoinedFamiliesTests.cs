using System;
using System.IO;
using System.Linq;
using EdgeRuntime.Conversion;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using Xunit;
using static EdgeRuntime.Tests.Conversion.ModelFolder;

namespace EdgeRuntime.Tests.Conversion;

/// <summary>Conversions that take joined matrices apart, reorder them, or make keys of tensors.</summary>
public sealed class JoinedFamiliesTests
{
    [Fact]
    public void Convert_Falcon_GroupsQueriesKeysAndValues()
    {
        using var folder = new ModelFolder();
        Convert(folder, "falcon-40b");

        // Two groups of two queries, a key and a value.
        float[] before = folder.Tensors["transformer.h.1.self_attention.query_key_value.weight"].Values;
        float[] after = ConvertedFile.ReadTensor(folder.Output, "blk.1.attn_qkv.weight");
        int[] order = [0, 1, 4, 5, 2, 6, 3, 7];
        Assert.Equal(order.SelectMany(head => HeadOf(before, head)), after);
    }

    [Fact]
    public void Convert_InternLm2_SplitsGroupsAndPermutesHeads()
    {
        using var folder = new ModelFolder();
        Convert(folder, "internlm2");

        float[] before = folder.Tensors["model.layers.0.attention.wqkv.weight"].Values;
        Assert.Equal(Permute(HeadOf(before, 4)), HeadOf(ConvertedFile.ReadTensor(folder.Output, "blk.0.attn_q.weight"), 2));
        Assert.Equal(Permute(HeadOf(before, 6)), HeadOf(ConvertedFile.ReadTensor(folder.Output, "blk.0.attn_k.weight"), 1));
        Assert.Equal(HeadOf(before, 7), HeadOf(ConvertedFile.ReadTensor(folder.Output, "blk.0.attn_v.weight"), 1));
    }

    [Fact]
    public void Convert_Baichuan_SplitsAndPermutesHeads()
    {
        using var folder = new ModelFolder();
        Convert(folder, "baichuan");

        float[] before = folder.Tensors["model.layers.0.self_attn.W_pack.weight"].Values;
        Assert.Equal(Permute(HeadOf(before, 3)), HeadOf(ConvertedFile.ReadTensor(folder.Output, "blk.0.attn_q.weight"), 3));
        Assert.Equal(Permute(HeadOf(before, 5)), HeadOf(ConvertedFile.ReadTensor(folder.Output, "blk.0.attn_k.weight"), 1));
        Assert.Equal(HeadOf(before, 10), HeadOf(ConvertedFile.ReadTensor(folder.Output, "blk.0.attn_v.weight"), 2));
    }

    [Fact]
    public void Convert_Dbrx_SeparatesAndTransposesExperts()
    {
        using var folder = new ModelFolder();
        Convert(folder, "dbrx");

        float[] before = folder.Tensors["transformer.blocks.1.ffn.experts.mlp.w2"].Values;
        float[] after = ConvertedFile.ReadTensor(folder.Output, "blk.1.ffn_down_exps.weight");
        const int Expert = 2 * FeedForward * Hidden;
        Assert.Equal(before[Expert + (7 * Hidden) + 5], after[Expert + (5 * FeedForward) + 7]);
    }

    [Fact]
    public void Convert_BitNet_RoundsToThreeValues()
    {
        using var folder = new ModelFolder();
        Convert(folder, "bitnet");

        float[] before = folder.Tensors["model.layers.0.mlp.up_proj.weight"].Values;
        float[] after = ConvertedFile.ReadTensor(folder.Output, "blk.0.ffn_up.weight");
        float scale = before.Average(Math.Abs);
        Assert.Equal(3, after.Distinct().Count());
        Assert.All(before.Zip(after), pair => Assert.Equal(
            Math.Abs(pair.First) < scale / 2 ? 0 : Math.Sign(pair.First) * scale, pair.Second, tolerance: 1e-6f));
    }

    [Fact]
    public void Convert_TensorsThatBecomeKeys_WritesTheirNumbers()
    {
        using var jais = new ModelFolder();
        using var apertus = new ModelFolder();
        Convert(jais, "jais");
        Convert(apertus, "apertus");

        using GgufFile first = GgufFile.Open(jais.Output);
        Assert.Equal(16f, first.Metadata.GetSingle("jais.attention.max_alibi_bias"));
        using GgufFile second = GgufFile.Open(apertus.Output);
        float[] expected =
            [.. Enumerable.Range(0, Layers).Select(layer => apertus.Tensors[$"model.layers.{layer}.mlp.act_fn.beta"].Values[0])];
        Assert.Equal(expected, second.Metadata.GetSingles("xielu.beta").ToArray());
    }

    [Theory]
    [InlineData("falcon", "\"alibi\":false", "\"alibi\":true", "alibi: found true, expected false")]
    [InlineData("jais", "\"swiglu\"", "\"gelu\"", "activation_function: found \"gelu\", expected swiglu")]
    [InlineData("jais", "\"position_embedding_type\"", "\"other\"", "config.json: position_embedding_type: found nothing, expected alibi")]
    [InlineData("dbrx", "\"attn_config\"", "\"other\"", "config.json: attn_config.kv_n_heads: found nothing")]
    [InlineData("falcon-40b", "\"num_kv_heads\":2", "\"num_kv_heads\":3", "keys and values of 3 heads")]
    [InlineData("dbrx", "\"moe_num_experts\":4", "\"moe_num_experts\":5", "a matrix of the rows of 5 experts")]
    [InlineData("deci", "\"n_heads_in_group\":2", "\"n_heads_in_group\":0", "found 0, expected a number above 0")]
    [InlineData("deci-7b", "\"num_hidden_layers\":2", "\"num_hidden_layers\":1", "model.layers.1")]
    public void Convert_ThatCannotBe_SaysWhy(string family, string old, string other, string expected)
    {
        using var folder = new ModelFolder();
        ModelFamilies.All[family](folder);
        string config = File.ReadAllText(Path.Join(folder.Path, "config.json"));
        Assert.Contains(old, config, StringComparison.Ordinal);
        folder.Write("config.json", config.Replace(old, other, StringComparison.Ordinal));

        EdgeRuntimeException error = Assert.ThrowsAny<EdgeRuntimeException>(() => ModelConverter.Convert(folder.Path, folder.Output));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Convert_WithoutAParameter_NamesIt()
    {
        using var folder = new ModelFolder();
        ModelFamilies.All["apertus"](folder);
        folder.Remove("model.layers.1.mlp.act_fn.eps").Save("ApertusForCausalLM");

        var error = Assert.Throws<ModelFormatException>(() => ModelConverter.Convert(folder.Path, folder.Output));

        Assert.Contains("model.layers.1.mlp.act_fn.eps", error.Message, StringComparison.Ordinal);
    }

    private static void Convert(ModelFolder folder, string family)
    {
        ModelFamilies.All[family](folder);
        _ = ModelConverter.Convert(folder.Path, folder.Output, new() { Type = TensorType.F32 });
    }

    private static float[] HeadOf(float[] matrix, int head) => matrix[(head * HeadSize * Hidden)..((head + 1) * HeadSize * Hidden)];

    /// <summary>Lets the rows of the halves of a head take turns.</summary>
    private static float[] Permute(float[] head) =>
    [
        .. Enumerable.Range(0, HeadSize).SelectMany(row =>
        {
            int from = (row % 2 * (HeadSize / 2)) + (row / 2);
            return head[(from * Hidden)..((from + 1) * Hidden)];
        }),
    ];
}

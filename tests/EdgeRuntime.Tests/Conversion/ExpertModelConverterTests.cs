using System;
using System.IO;
using System.Linq;
using EdgeRuntime.Conversion;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using Xunit;
using static EdgeRuntime.Tests.Conversion.ModelFolder;

namespace EdgeRuntime.Tests.Conversion;

/// <summary>Experts of 4-bit floats, latent attention, layers that predict ahead and special tokens that a family names.</summary>
public sealed class ExpertModelConverterTests
{
    private static readonly float[] FourBitFloats = [0, 0.5f, 1, 1.5f, 2, 3, 4, 6, 0, -0.5f, -1, -1.5f, -2, -3, -4, -6];

    [Theory]
    [InlineData(TensorType.F32)]
    [InlineData(TensorType.Q8_0)]
    public void Convert_FourBitExperts_KeepsTheirNumbers(TensorType type)
    {
        using var folder = new ModelFolder();
        ModelFamilies.All["gpt-oss"](folder);

        _ = ModelConverter.Convert(folder.Path, folder.Output, new() { Type = type });

        const string Experts = "model.layers.1.mlp.experts";
        foreach ((string source, string target, int part, int parts) in ((string, string, int, int)[])
            [("gate_up_proj", "ffn_gate_exps", 0, 2), ("gate_up_proj", "ffn_up_exps", 1, 2), ("down_proj", "ffn_down_exps", 0, 1)])
        {
            float[] quants = folder.Tensors[$"{Experts}.{source}_blocks"].Values;
            float[] scales = folder.Tensors[$"{Experts}.{source}_scales"].Values;
            int perRow = source == "down_proj" ? 32 : Hidden;
            float[] all = [.. Enumerable.Range(0, quants.Length * 2).Select(i =>
                FourBitFloats[((int)quants[i / 2] >> (i % 2 * 4)) & 15] * MathF.ScaleB(1, (int)scales[i / 32] - 127))];
            float[] expected = [.. Enumerable.Range(0, all.Length / parts).Select(i =>
                all[(((i / perRow * parts) + part) * perRow) + (i % perRow)])];
            Assert.Equal(expected, ConvertedFile.ReadTensor(folder.Output, $"blk.1.{target}.weight"));
        }

        using GgufFile file = GgufFile.Open(folder.Output);
        Assert.Equal(type == TensorType.F32 ? 38 : 7, file.Metadata.GetInt32("general.file_type"));
        Assert.Equal(TensorType.MXFP4, file.FindTensor("blk.0.ffn_up_exps.weight")!.Type);
        Assert.Equal([32, Hidden, 4], file.FindTensor("blk.0.ffn_down_exps.weight")!.UsedDimensions.ToArray());
    }

    [Fact]
    public void Convert_FourBitExpertsWithoutScales_NamesThem()
    {
        using var folder = new ModelFolder();
        ModelFamilies.All["gpt-oss"](folder);
        folder.Remove("model.layers.1.mlp.experts.down_proj_scales")
            .Save(
                "GptOssForCausalLM",
                ",\"num_local_experts\":4,\"sliding_window\":32,\"quantization_config\":{\"quant_method\":\"mxfp4\"}");

        var error = Assert.Throws<ModelFormatException>(() => ModelConverter.Convert(folder.Path, folder.Output));

        Assert.Contains("model.layers.1.mlp.experts.down_proj_blocks\" has no scales", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(folder.Output));
    }

    [Fact]
    public void Convert_LatentAttention_SplitsKeysAndValuesOfHeads()
    {
        using var folder = new ModelFolder();
        ModelFamilies.All["deepseek2"](folder);

        _ = ModelConverter.Convert(folder.Path, folder.Output, new() { Type = TensorType.F32 });

        const int Rank = 32, Keys = 32, Values = 16;
        float[] both = folder.Tensors["model.layers.1.self_attn.kv_b_proj.weight"].Values;
        float[] keys = ConvertedFile.ReadTensor(folder.Output, "blk.1.attn_k_b.weight");
        float[] values = ConvertedFile.ReadTensor(folder.Output, "blk.1.attn_v_b.weight");
        int head = 2 * (Keys + Values) * Rank;
        Assert.Equal(both[head + (5 * Rank) + 7], keys[(2 * Rank * Keys) + (7 * Keys) + 5]);
        Assert.Equal(both[head + ((Keys + 3) * Rank) + 7], values[(2 * Values * Rank) + (3 * Rank) + 7]);
        using GgufFile file = GgufFile.Open(folder.Output);
        Assert.Equal(2, file.Metadata.GetInt32("deepseek2.block_count"));
        Assert.DoesNotContain(file.Tensors, static tensor => tensor.Name.StartsWith("blk.2.", StringComparison.Ordinal));
    }

    [Fact]
    public void Convert_GlmThatPredictsAhead_KeepsTheLayerIfTheFilesHaveIt()
    {
        using var folder = new ModelFolder();
        ModelFamilies.All["glm4moe"](folder);

        _ = ModelConverter.Convert(folder.Path, folder.Output);

        using (GgufFile file = GgufFile.Open(folder.Output))
        {
            Assert.Equal(3, file.Metadata.GetInt32("glm4moe.block_count"));
            Assert.Equal(1, file.Metadata.GetInt32("glm4moe.nextn_predict_layers"));
            Assert.NotNull(file.FindTensor("blk.2.nextn.eh_proj.weight"));
        }

        string[] ahead = [.. folder.Tensors.Keys.Where(static name => name.StartsWith("model.layers.2.", StringComparison.Ordinal))];
        foreach (string name in ahead)
        {
            folder.Remove(name);
        }

        string config = File.ReadAllText(Path.Join(folder.Path, "config.json"));
        folder.Save("Glm4MoeForCausalLM").Write("config.json", config);
        _ = ModelConverter.Convert(folder.Path, folder.Output);

        using GgufFile shorter = GgufFile.Open(folder.Output);
        Assert.Equal(2, shorter.Metadata.GetInt32("glm4moe.block_count"));
        Assert.Equal(0, shorter.Metadata.GetInt32("glm4moe.nextn_predict_layers"));
    }

    [Fact]
    public void Convert_GlmWithoutItsTokens_NamesTheFirstOne()
    {
        using var folder = new ModelFolder();
        ModelFamilies.All["glm4"](folder);
        string config = File.ReadAllText(Path.Join(folder.Path, "config.json"));
        folder.AddedTokens = [];
        folder.Save("Glm4ForCausalLM").Write("config.json", config);

        var error = Assert.Throws<ModelFormatException>(() => ModelConverter.Convert(folder.Path, folder.Output));

        Assert.Contains("no token <|user|>, expected one in a model of glm4", error.Message, StringComparison.Ordinal);
    }
}

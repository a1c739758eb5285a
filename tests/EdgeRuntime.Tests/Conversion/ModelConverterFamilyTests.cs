using System;
using System.IO;
using EdgeRuntime.Conversion;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using Xunit;
using static EdgeRuntime.Tests.Conversion.ModelFolder;

namespace EdgeRuntime.Tests.Conversion;

/// <summary>What the converter does for a family alone, with the files of <see cref="ModelFamilies"/>.</summary>
public sealed class ModelConverterFamilyTests
{
    [Fact]
    public void Convert_Qwen35_TilesTheValueHeads()
    {
        using ModelFolder folder = Fill("qwen35");

        Convert(folder);

        // Four value heads of two key heads: the files have 0 1 | 2 3, GGUF files have 0 2 | 1 3.
        float[] before = folder.Tensors["model.layers.0.linear_attn.in_proj_z.weight"].Values;
        float[] after = ConvertedFile.ReadTensor(folder.Output, "blk.0.attn_gate.weight");
        foreach ((int head, int source) in ((int, int)[])[(0, 0), (1, 2), (2, 1), (3, 3)])
        {
            int size = 16 * Hidden;
            Assert.Equal(before[(source * size)..((source + 1) * size)], after[(head * size)..((head + 1) * size)]);
        }

        float[] biases = folder.Tensors["model.layers.0.linear_attn.dt_bias"].Values;
        Assert.Equal([biases[0], biases[2], biases[1], biases[3]], ConvertedFile.ReadTensor(folder.Output, "blk.0.ssm_dt.bias"));
        float[] rows = folder.Tensors["model.layers.0.linear_attn.out_proj.weight"].Values;
        Assert.Equal(rows[32..48], ConvertedFile.ReadTensor(folder.Output, "blk.0.ssm_out.weight")[16..32]);
    }

    [Fact]
    public void Convert_Qwen35WithoutLayersAhead_CountsNone()
    {
        using ModelFolder folder = Fill("qwen35");
        Convert(folder);
        Assert.Equal((3, 1), CountLayers(folder));

        SaveAgain(folder.RemoveAll("mtp."));

        Convert(folder);
        Assert.Equal((2, 0), CountLayers(folder));
    }

    [Fact]
    public void Convert_Gemma3N_WritesWhereGatesAreCut()
    {
        using ModelFolder folder = Fill("gemma3n");

        Convert(folder);

        using GgufFile file = GgufFile.Open(folder.Output);
        Assert.Equal(
            [1.6448533535003662f, 1.6448533535003662f, float.NegativeInfinity, float.NegativeInfinity],
            file.Metadata.GetSingles("gemma3n.activation_sparsity_scale").ToArray());
        float[] inputs = ConvertedFile.ReadTensor(folder.Output, "per_layer_token_embd.weight");
        Assert.Equal(Tokens * 4 * 32, inputs.Length);
        Assert.All(inputs[(150 * 4 * 32)..], static value => Assert.Equal(0f, value));
    }

    [Fact]
    public void Convert_Gemma3NWithoutAStream_IsRefused()
    {
        using ModelFolder folder = Fill("gemma3n");
        SaveAgain(folder.Remove("model.altup_projections.1.weight"));

        var error = Assert.Throws<ModelFormatException>(() => Convert(folder));

        Assert.Contains("model.altup_projections: found 2 matrices, expected 3", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_Gemma4_KeepsMarksVisible()
    {
        using ModelFolder folder = Fill("gemma4");

        Convert(folder);

        using GgufFile file = GgufFile.Open(folder.Output);
        Assert.Equal("gemma4", file.Metadata.GetString("tokenizer.ggml.model"));
        Assert.Equal([3, 3, 4, 1, 1, 1], file.Metadata.GetInt32s("tokenizer.ggml.token_type")[..6].ToArray());
        Assert.All(file.Metadata.GetSingles("tokenizer.ggml.scores").ToArray(), static score => Assert.Equal(-1000f, score));
    }

    [Fact]
    public void Convert_Ling1WithNormOfTheHead_IsRefused()
    {
        using ModelFolder folder = Fill("bailingmoe");
        string config = Path.Join(folder.Path, "config.json");
        string text = File.ReadAllText(config);
        folder.Write("config.json", text.Replace("\"norm_head\":false", "\"norm_head\":true", StringComparison.Ordinal));

        var error = Assert.Throws<UnsupportedModelException>(() => Convert(folder));

        Assert.Contains("norm_head is true", error.Message, StringComparison.Ordinal);
    }

    private static ModelFolder Fill(string name)
    {
        var folder = new ModelFolder();
        return ModelFamilies.All[name](folder);
    }

    private static void Convert(ModelFolder folder) =>
        _ = ModelConverter.Convert(folder.Path, folder.Output, new() { Type = TensorType.F32 });

    private static (int All, int Ahead) CountLayers(ModelFolder folder)
    {
        using GgufFile file = GgufFile.Open(folder.Output);
        return (file.Metadata.GetInt32("qwen35.block_count"), file.Metadata.GetInt32("qwen35.nextn_predict_layers", 0));
    }

    /// <summary>Writes changed tensors beside the same configuration.</summary>
    private static void SaveAgain(ModelFolder folder)
    {
        string config = File.ReadAllText(Path.Join(folder.Path, "config.json")).Trim();
        folder.Save("", config[1..^1]);
    }
}

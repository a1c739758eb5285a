using System;
using System.IO;
using EdgeRuntime.Conversion;
using Xunit;

namespace EdgeRuntime.Tests.Conversion;

/// <summary>Settings of single families that make no model, or one that is not converted.</summary>
public sealed class ModelConverterSettingsTests
{
    [Theory]
    [InlineData("jamba", "\"attn_layer_period\":2", "\"attn_layer_period\":0", "attn_layer_period: found 0, expected a number above 0")]
    [InlineData("nemotron_h", "\"M-*\"", "\"M-\"", "expected 3 kinds of layers")]
    [InlineData("nomic-bert", "\"n_positions\":8192", "\"n_positions\":4096", "n_positions: found 4096, expected 8192 or 2048")]
    [InlineData("nomic-bert", "\"prenorm\":false", "\"prenorm\":true", "prenorm: found true, expected false")]
    [InlineData("nomic-bert-moe", "\"num_experts\":4", "\"num_experts\":7", "expected a matrix of the rows of 7 experts")]
    [InlineData("kimi-linear", "\"v_head_dim\":12", "\"v_head_dim\":13", "rows of keys and values for 4 heads")]
    [InlineData("mimo2", "\"swa_head_dim\":16", "\"swa_head_dim\":8", "swa_head_dim: found 8, expected 16, as head_dim")]
    [InlineData("mimo2", "\"hybrid_layer_pattern\":[0,1]", "\"hybrid_layer_pattern\":[0]", "2 numbers, one for each layer")]
    [InlineData("step35", "[0.5,1.0,1.0]", "[0.5,0.5,1.0]", "expected 1 for layer 1")]
    [InlineData("step35", "\"moe_layers_enum\":\"1\"", "\"moe_layers_enum\":\"x\"", "expected numbers of layers")]
    [InlineData("hy_v3", "\"num_nextn_predict_layers\":1", "\"num_nextn_predict_layers\":5000", "expected 0 to 4096")]
    [InlineData("grovemoe", "\"num_experts\":4,\"num_local_experts\":4", "\"num_experts\":2", "found expert")]
    public void Convert_WithAnImpossibleSetting_NamesIt(string family, string old, string setting, string expected) =>
        ModelConverterTests.AssertRefused(family, old, setting, expected);

    [Fact]
    public void Convert_MiMoWithJoinedFloat8_IsRefused()
    {
        using var folder = new ModelFolder();
        ModelFamilies.All["mimo2"](folder);
        string config = File.ReadAllText(Path.Join(folder.Path, "config.json"));
        folder.Add("model.layers.0.self_attn.qkv_proj.weight_scale_inv", 1, 1).Save("MiMoV2FlashForCausalLM");
        folder.Write("config.json", config);

        var error = Assert.Throws<UnsupportedModelException>(() => ModelConverter.Convert(folder.Path, folder.Output));

        Assert.Contains("float8", error.Message, StringComparison.Ordinal);
    }
}

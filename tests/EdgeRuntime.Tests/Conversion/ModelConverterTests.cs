using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using EdgeRuntime.Conversion;
using EdgeRuntime.Files;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using Xunit;
using static EdgeRuntime.Tests.Conversion.ModelFolder;

namespace EdgeRuntime.Tests.Conversion;

/// <summary>Folders in Hugging Face's layout, converted, compared with the expectations of llama.cpp's converter, and run.</summary>
public sealed class ModelConverterTests
{
    public static IEnumerable<TheoryDataRow<string>> Names => ModelFamilies.All.Keys.Select(name => new TheoryDataRow<string>(name));

    [Theory]
    [MemberData(nameof(Names))]
    public void Convert_EachFamily_LoadsAndRuns(string name)
    {
        using var folder = new ModelFolder();
        ModelFamilies.All[name](folder);

        ConversionResult result = ModelConverter.Convert(folder.Path, folder.Output, new() { Type = TensorType.F32 });

        Assert.Equal(new FileInfo(folder.Output).Length, result.ByteLength);
        using LanguageModel model = LanguageModel.Load(folder.Output);
        Assert.Equal(result.Architecture, model.Architecture);
        if (ModelFamilies.Encoders.TryGetValue(name, out int[]? encoded))
        {
            Assert.Equal(encoded, model.Tokenizer.Encode("There"));
            Assert.All(model.Embed("There").Values.ToArray(), value => Assert.True(float.IsFinite(value)));
            return;
        }

        using ModelSession session = model.CreateSession();
        float[] logits = session.Forward([5, 6, 7]).ToArray();
        Assert.Equal(Tokens, logits.Length);
        Assert.All(logits, value => Assert.True(float.IsFinite(value)));
        Assert.True(logits.Max() > logits.Min());
        using GgufFile file = GgufFile.Open(folder.Output);
        Assert.Equal("{{ messages[0].content }}", file.Metadata.GetString("tokenizer.chat_template"));
    }

    [Fact]
    public void Convert_Llama_PermutesQueriesAndKeys()
    {
        using var folder = new ModelFolder();
        folder.AddDecoder(biases: true).AddPreNorms().Save("LlamaForCausalLM");

        _ = ModelConverter.Convert(folder.Path, folder.Output, new() { Type = TensorType.F32 });

        foreach ((string source, string target, bool isPermuted) in ((string, string, bool)[])
            [("q_proj", "attn_q", true), ("k_proj", "attn_k", true), ("v_proj", "attn_v", false), ("o_proj", "attn_output", false)])
        {
            float[] before = folder.Tensors[$"model.layers.1.self_attn.{source}.weight"].Values;
            float[] after = ConvertedFile.ReadTensor(folder.Output, $"blk.1.{target}.weight");
            for (int row = 0; row < before.Length / Hidden; row++)
            {
                // Row 2 * i + j of a head comes from row i of its half j.
                int within = row % HeadSize;
                int from = isPermuted ? row - within + (within % 2 * (HeadSize / 2)) + (within / 2) : row;
                Assert.Equal(before[(from * Hidden)..((from + 1) * Hidden)], after[(row * Hidden)..((row + 1) * Hidden)]);
            }
        }

        float[] bias = folder.Tensors["model.layers.0.self_attn.k_proj.bias"].Values;
        Assert.Equal([bias[0], bias[8], bias[1], bias[9]], ConvertedFile.ReadTensor(folder.Output, "blk.0.attn_k.bias")[..4]);
    }

    [Fact]
    public void Convert_Llama_WritesTheKeysOfTheConverter()
    {
        using var folder = new ModelFolder();
        folder.AddDecoder().AddPreNorms().Save(
            "LlamaForCausalLM",
            ",\"rope_theta\":500000.0,\"rms_norm_eps\":1e-05,\"rope_scaling\":{\"rope_type\":\"llama3\",\"factor\":8.0,"
            + "\"low_freq_factor\":1.0,\"high_freq_factor\":4.0,\"original_max_position_embeddings\":64}");
        folder.Write("generation_config.json", """{"temperature":0.5,"top_k":40}""");

        _ = ModelConverter.Convert(folder.Path, folder.Output, new() { Type = TensorType.F16, Name = "Tiny" });

        using GgufFile file = GgufFile.Open(folder.Output);
        GgufMetadata metadata = file.Metadata;
        foreach ((string key, object expected) in (IEnumerable<(string, object)>)
            [
                ("general.architecture", "llama"), ("general.type", "model"), ("general.name", "Tiny"), ("general.size_label", "82K"),
                ("general.file_type", 1u), ("general.quantization_version", 2u), ("general.sampling.top_k", 40),
                ("general.sampling.temp", 0.5f), ("llama.block_count", 2u), ("llama.context_length", 256u),
                ("llama.embedding_length", 64u), ("llama.feed_forward_length", 96u), ("llama.attention.head_count", 4u),
                ("llama.attention.head_count_kv", 2u), ("llama.rope.freq_base", 500000f),
                ("llama.attention.layer_norm_rms_epsilon", 1e-5f), ("llama.attention.key_length", 16u),
                ("llama.attention.value_length", 16u), ("llama.vocab_size", 160u), ("llama.rope.dimension_count", 16u),
                ("tokenizer.ggml.model", "gpt2"), ("tokenizer.ggml.pre", "gpt-2"), ("tokenizer.ggml.bos_token_id", 0u),
                ("tokenizer.ggml.eos_token_id", 1u),
            ])
        {
            Assert.True(metadata.TryGetValue(key, out object? actual), key);
            Assert.Equal(expected, actual);
        }

        Assert.Equal("[PAD159]", metadata.GetStrings("tokenizer.ggml.tokens")[159]);
        float[] factors = ConvertedFile.ReadTensor(folder.Output, "rope_freqs.weight");
        Assert.Equal(8, factors.Length);
        Assert.Equal(1f, factors[0]);
        Assert.Equal(8f, factors[7]);
    }

    /// <summary>The mask is one of the 156 896 tokens that these models have, so a small one can't run.</summary>
    [Fact]
    public void Convert_LladaMoe_NamesTheMaskAndStacksExperts()
    {
        using var folder = new ModelFolder();
        ModelFamilies.AddExperts(
            folder.AddDecoder(queryKeyNorms: true, feedForward: false).AddPreNorms(), "mlp.gate", "mlp.experts",
            ["gate_proj", "up_proj", "down_proj"])
            .Save("LLaDAMoEModelLM", ModelFamilies.Experts + ",\"expert_intermediate_size\":32");

        _ = ModelConverter.Convert(folder.Path, folder.Output);

        using GgufFile file = GgufFile.Open(folder.Output);
        Assert.Equal(156895, file.Metadata.GetInt32("tokenizer.ggml.mask_token_id"));
        Assert.Equal(32, file.Metadata.GetInt32("llada-moe.expert_feed_forward_length"));
        Assert.Equal([32, Hidden, 4], file.FindTensor("blk.1.ffn_down_exps.weight")!.UsedDimensions.ToArray());
    }

    [Theory]
    [InlineData("falcon-h1", "\"mamba_d_head\":16", "\"mamba_d_head\":0", "mamba_d_head: found 0, expected a number above 0")]
    [InlineData("mamba2", "\"head_dim\":16", "\"head_dim\":0", "head_dim: found 0, expected a number above 0")]
    [InlineData("openelm", "\"ffn_dim_divisor\":32", "\"ffn_dim_divisor\":0", "ffn_dim_divisor: found 0, expected a number above 0")]
    [InlineData("hunyuan-dense", "\"head_dim\":16", "\"head_dim\":2", "found heads of 2 elements")]
    public void Convert_WithAnImpossibleSize_NamesIt(string family, string old, string size, string expected) =>
        AssertRefused(family, old, size, expected);

    [Fact]
    public void Convert_Gemma_AddsOneToNorms()
    {
        using var folder = new ModelFolder();
        ModelFamilies.AddFourNorms(folder.AddDecoder(queryKeyNorms: true))
            .Save("Gemma3ForCausalLM", ",\"head_dim\":16,\"sliding_window\":32");

        _ = ModelConverter.Convert(folder.Path, folder.Output);

        foreach ((string source, string target) in ((string, string)[])
            [
                ("model.norm.weight", "output_norm.weight"),
                ("model.layers.1.pre_feedforward_layernorm.weight", "blk.1.ffn_norm.weight"),
                ("model.layers.1.post_attention_layernorm.weight", "blk.1.post_attention_norm.weight"),
                ("model.layers.1.self_attn.k_norm.weight", "blk.1.attn_k_norm.weight"),
            ])
        {
            Assert.Equal(folder.Tensors[source].Values.Select(value => value + 1f), ConvertedFile.ReadTensor(folder.Output, target));
        }
    }

    [Fact]
    public void Convert_Experts_StacksThemInOrder()
    {
        using var folder = new ModelFolder();
        ModelFamilies.All["qwen3moe"](folder);

        _ = ModelConverter.Convert(folder.Path, folder.Output, new() { Type = TensorType.F32 });

        using GgufFile file = GgufFile.Open(folder.Output);
        GgufTensor stacked = file.FindTensor("blk.1.ffn_up_exps.weight")!;
        Assert.Equal([Hidden, 32L, 4], stacked.Dimensions[..3].ToArray());
        float[] expected = [.. Enumerable.Range(0, 4).SelectMany(expert =>
            folder.Tensors[$"model.layers.1.mlp.experts.{expert}.up_proj.weight"].Values)];
        Assert.Equal(expected, ConvertedFile.ReadTensor(folder.Output, "blk.1.ffn_up_exps.weight"));
    }

    [Fact]
    public void Convert_GraniteExperts_SplitsGateAndUp()
    {
        using var folder = new ModelFolder();
        ModelFamilies.All["granitemoe"](folder);

        _ = ModelConverter.Convert(folder.Path, folder.Output, new() { Type = TensorType.F32 });

        float[] both = folder.Tensors["model.layers.0.block_sparse_moe.input_linear.weight"].Values;
        int half = FeedForward * Hidden;
        Assert.Equal(both[..half], ConvertedFile.ReadTensor(folder.Output, "blk.0.ffn_gate_exps.weight")[..half]);
        Assert.Equal(both[(3 * half)..(4 * half)], ConvertedFile.ReadTensor(folder.Output, "blk.0.ffn_up_exps.weight")[half..(2 * half)]);
    }

    [Theory]
    [InlineData(null, TensorType.BF16)]
    [InlineData(TensorType.F32, TensorType.F32)]
    [InlineData(TensorType.F16, TensorType.F16)]
    [InlineData(TensorType.Q8_0, TensorType.Q8_0)]
    public void Convert_EachType_KeepsVectorsAndNormsInFloat(TensorType? type, TensorType expected)
    {
        using var folder = new ModelFolder();
        folder.AddDecoder(biases: true).AddPreNorms().Save("Qwen2ForCausalLM", brain: true);

        ConversionResult result = ModelConverter.Convert(folder.Path, folder.Output, new() { Type = type });

        Assert.Equal(expected, result.Type);
        using GgufFile file = GgufFile.Open(folder.Output);
        Assert.All(file.Tensors, tensor => Assert.Equal(tensor.Dimensions[1] == 1 ? TensorType.F32 : expected, tensor.Type));
        if (type != TensorType.Q8_0)
        {
            Assert.Equal(
                folder.Tensors["model.layers.0.mlp.up_proj.weight"].Values,
                ConvertedFile.ReadTensor(folder.Output, "blk.0.ffn_up.weight"));
        }
    }

    [Fact]
    public void Convert_Float8WithScales_MultipliesByTheScaleOfEachBlock()
    {
        using var folder = new ModelFolder();
        folder.AddDecoder().AddPreNorms().Save(
            "Qwen2ForCausalLM", ",\"quantization_config\":{\"quant_method\":\"fp8\",\"weight_block_size\":[32,32]}");
        folder.Add("model.layers.0.mlp.up_proj.weight_scale_inv", 3, 2).Save(
            "Qwen2ForCausalLM", ",\"quantization_config\":{\"quant_method\":\"fp8\",\"weight_block_size\":[32,32]}");

        _ = ModelConverter.Convert(folder.Path, folder.Output, new() { Type = TensorType.F32 });

        float[] weights = folder.Tensors["model.layers.0.mlp.up_proj.weight"].Values;
        float[] scales = folder.Tensors["model.layers.0.mlp.up_proj.weight_scale_inv"].Values;
        float[] actual = ConvertedFile.ReadTensor(folder.Output, "blk.0.ffn_up.weight");
        Assert.Equal(weights[(70 * Hidden) + 40] * scales[(2 * 2) + 1], actual[(70 * Hidden) + 40]);
        Assert.Equal(weights[5] * scales[0], actual[5]);
    }

    [Theory]
    [InlineData("MagicForCausalLM", "", "MagicForCausalLM")]
    [InlineData("LlamaForCausalLM", ",\"quantization_config\":{\"quant_method\":\"gptq\"}", "gptq")]
    [InlineData("LlamaForCausalLM", ",\"rope_scaling\":{\"rope_type\":\"spiral\"}", "spiral")]
    [InlineData("LlamaForCausalLM", ",\"head_dim\":-1", "head_dim: found -1")]
    [InlineData("LlamaForCausalLM", ",\"vocab_size\":170", "170 tokens and the embedding 160 rows")]
    [InlineData("LlamaForCausalLM", ",\"text_config\":{\"num_hidden_layers\":1}", "model.layers.1")]
    [InlineData("LlamaForCausalLM", ",\"text_config\":{\"num_attention_heads\":7}", "7 heads")]
    [InlineData("LlamaForCausalLM", ",\"text_config\":{\"num_attention_heads\":0}", "at least one head")]
    public void Convert_ModelThatIsNotKnown_SaysWhatAndWritesNothing(string architecture, string more, string expected)
    {
        using var folder = new ModelFolder();
        folder.AddDecoder().AddPreNorms().Save(architecture, more);

        EdgeRuntimeException error = Assert.ThrowsAny<EdgeRuntimeException>(() => ModelConverter.Convert(folder.Path, folder.Output));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.False(File.Exists(folder.Output));
    }

    [Fact]
    public void Convert_UnknownTensor_NamesIt()
    {
        using var folder = new ModelFolder();
        folder.AddDecoder().AddPreNorms().Add("model.layers.0.surprise.weight", 2, 2).Save("LlamaForCausalLM");

        var error = Assert.Throws<UnsupportedModelException>(() => ModelConverter.Convert(folder.Path, folder.Output));

        Assert.Contains("model.layers.0.surprise.weight", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_MissingExpert_IsRefused()
    {
        using var folder = new ModelFolder();
        ModelFamilies.All["qwen3moe"](folder);
        folder.Tensors.Remove("model.layers.1.mlp.experts.3.up_proj.weight");
        folder.Save("Qwen3MoeForCausalLM", ModelFamilies.Experts + ",\"head_dim\":16");

        var error = Assert.Throws<ModelFormatException>(() => ModelConverter.Convert(folder.Path, folder.Output));

        Assert.Contains("blk.1.ffn_up_exps.weight has 3 experts, expected 4", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_Cancelled_KeepsTheOldFile()
    {
        using var folder = new ModelFolder();
        folder.AddDecoder().AddPreNorms().Save("LlamaForCausalLM");
        File.WriteAllText(folder.Output, "old");
        using var source = new CancellationTokenSource();
        source.Cancel();

        Assert.Throws<OperationCanceledException>(
            () => ModelConverter.Convert(folder.Path, folder.Output, cancellationToken: source.Token));

        Assert.Equal("old", File.ReadAllText(folder.Output));
        Assert.DoesNotContain(Directory.GetFiles(folder.Path), path => Path.GetFileName(path).Contains("tmp", StringComparison.Ordinal));
    }

    [Fact]
    public void Convert_Folder_ThatIsTheOutput_IsRefused()
    {
        using var folder = new ModelFolder();
        folder.AddDecoder().AddPreNorms().Save("LlamaForCausalLM");

        Assert.Throws<FileException>(() => ModelConverter.Convert(folder.Path, folder.Path));
    }

    /// <summary>Converts a model with another setting, and looks for a text in the error.</summary>
    internal static void AssertRefused(string family, string old, string setting, string expected)
    {
        using var folder = new ModelFolder();
        ModelFamilies.All[family](folder);
        string config = File.ReadAllText(Path.Join(folder.Path, "config.json"));
        Assert.Contains(old, config, StringComparison.Ordinal);
        folder.Write("config.json", config.Replace(old, setting, StringComparison.Ordinal));

        EdgeRuntimeException error = Assert.ThrowsAny<EdgeRuntimeException>(() => ModelConverter.Convert(folder.Path, folder.Output));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }
}

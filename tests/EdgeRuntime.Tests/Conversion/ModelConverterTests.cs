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
    private const string Experts = ",\"num_experts\":4,\"num_local_experts\":4,\"num_experts_per_tok\":2,\"moe_intermediate_size\":32";

    private static readonly Dictionary<string, Func<ModelFolder, ModelFolder>> Families = new()
    {
        ["llama"] = static folder => folder.AddDecoder(biases: true).AddPreNorms().Save("LlamaForCausalLM"),
        ["mixtral"] = static folder => AddExperts(
            folder.AddDecoder(feedForward: false).AddPreNorms(), "block_sparse_moe.gate", "block_sparse_moe.experts", ["w1", "w3", "w2"],
            FeedForward)
            .Save("MixtralForCausalLM", Experts),
        ["granite"] = static folder => folder.AddDecoder().AddPreNorms().Save(
            "GraniteForCausalLM",
            ",\"attention_multiplier\":0.25,\"embedding_multiplier\":2.0,\"residual_multiplier\":0.5,\"logits_scaling\":4.0"),
        ["granitemoe"] = static folder => folder.AddDecoder(feedForward: false).AddPreNorms()
            .AddLayers("model.layers.*.block_sparse_moe.router.layer.weight", 4, Hidden)
            .AddLayers("model.layers.*.block_sparse_moe.input_linear.weight", 4, 2 * FeedForward, Hidden)
            .AddLayers("model.layers.*.block_sparse_moe.output_linear.weight", 4, Hidden, FeedForward)
            .Save(
                "GraniteMoeForCausalLM",
                ",\"num_local_experts\":4,\"num_experts_per_tok\":2,\"attention_multiplier\":0.25,\"embedding_multiplier\":2.0,"
                + "\"residual_multiplier\":0.5,\"logits_scaling\":4.0"),
        ["smollm3"] = static folder => folder.AddDecoder().AddPreNorms().Save("SmolLM3ForCausalLM"),
        ["qwen2"] = static folder => folder.AddDecoder(biases: true).AddPreNorms().Save("Qwen2ForCausalLM"),
        ["qwen3"] = static folder =>
            folder.AddDecoder(queryKeyNorms: true).AddPreNorms().Save("Qwen3ForCausalLM", ",\"head_dim\":16"),
        ["qwen3moe"] = static folder => AddExperts(
            folder.AddDecoder(queryKeyNorms: true, feedForward: false).AddPreNorms(), "mlp.gate", "mlp.experts",
            ["gate_proj", "up_proj", "down_proj"]).Save("Qwen3MoeForCausalLM", Experts + ",\"head_dim\":16"),
        ["gemma"] = static folder => folder.AddDecoder().AddPreNorms().Save("GemmaForCausalLM", ",\"head_dim\":16"),
        ["gemma2"] = static folder =>
            AddFourNorms(folder.AddDecoder()).Save("Gemma2ForCausalLM", ",\"head_dim\":16"),
        ["gemma3"] = static folder =>
            AddFourNorms(folder.AddDecoder(queryKeyNorms: true)).Save("Gemma3ForCausalLM", ",\"head_dim\":16,\"sliding_window\":32"),
        ["phi3"] = static folder => folder.AddPreNorms()
            .Add("model.embed_tokens.weight", Tokens, Hidden).Add("model.norm.weight", Hidden).Add("lm_head.weight", Tokens, Hidden)
            .AddLayers("model.layers.*.self_attn.qkv_proj.weight", (Heads + (2 * KeyHeads)) * HeadSize, Hidden)
            .AddLayers("model.layers.*.self_attn.o_proj.weight", Hidden, Heads * HeadSize)
            .AddLayers("model.layers.*.mlp.gate_up_proj.weight", 2 * FeedForward, Hidden)
            .AddLayers("model.layers.*.mlp.down_proj.weight", Hidden, FeedForward)
            .Save("Phi3ForCausalLM", ",\"original_max_position_embeddings\":256,\"rms_norm_eps\":1e-5"),
        ["olmo2"] = static folder => folder.AddDecoder()
            .AddLayers("model.layers.*.self_attn.q_norm.weight", Heads * HeadSize)
            .AddLayers("model.layers.*.self_attn.k_norm.weight", KeyHeads * HeadSize)
            .AddLayers("model.layers.*.post_attention_layernorm.weight", Hidden)
            .AddLayers("model.layers.*.post_feedforward_layernorm.weight", Hidden)
            .Save("Olmo2ForCausalLM"),
        ["stablelm"] = static folder => folder.AddDecoder().AddPreNorms().Add("model.norm.bias", Hidden)
            .AddLayers("model.layers.*.input_layernorm.bias", Hidden).AddLayers("model.layers.*.post_attention_layernorm.bias", Hidden)
            .Save("StableLmForCausalLM", ",\"partial_rotary_factor\":0.5,\"use_parallel_residual\":false"),
        ["gptneox"] = AddNeoX,
        ["gpt2"] = AddGpt2,
        ["lfm2"] = AddLfm2,
        ["bert"] = AddBert,
    };

    public static IEnumerable<TheoryDataRow<string>> Names => Families.Keys.Select(name => new TheoryDataRow<string>(name));

    [Theory]
    [MemberData(nameof(Names))]
    public void Convert_EachFamily_LoadsAndRuns(string name)
    {
        using var folder = new ModelFolder();
        Families[name](folder);

        ConversionResult result = ModelConverter.Convert(folder.Path, folder.Output, new() { Type = TensorType.F32 });

        Assert.Equal(new FileInfo(folder.Output).Length, result.ByteLength);
        using LanguageModel model = LanguageModel.Load(folder.Output);
        Assert.Equal(result.Architecture, model.Architecture);
        if (name == "bert")
        {
            Assert.Equal([2, 4, 5, 3], model.Tokenizer.Encode("There"));
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
            float[] after = ReadTensor(folder.Output, $"blk.1.{target}.weight");
            for (int row = 0; row < before.Length / Hidden; row++)
            {
                // Row 2 * i + j of a head comes from row i of its half j.
                int within = row % HeadSize;
                int from = isPermuted ? row - within + (within % 2 * (HeadSize / 2)) + (within / 2) : row;
                Assert.Equal(before[(from * Hidden)..((from + 1) * Hidden)], after[(row * Hidden)..((row + 1) * Hidden)]);
            }
        }

        float[] bias = folder.Tensors["model.layers.0.self_attn.k_proj.bias"].Values;
        Assert.Equal([bias[0], bias[8], bias[1], bias[9]], ReadTensor(folder.Output, "blk.0.attn_k.bias")[..4]);
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
        float[] factors = ReadTensor(folder.Output, "rope_freqs.weight");
        Assert.Equal(8, factors.Length);
        Assert.Equal(1f, factors[0]);
        Assert.Equal(8f, factors[7]);
    }

    [Fact]
    public void Convert_Gemma_AddsOneToNorms()
    {
        using var folder = new ModelFolder();
        AddFourNorms(folder.AddDecoder(queryKeyNorms: true)).Save("Gemma3ForCausalLM", ",\"head_dim\":16,\"sliding_window\":32");

        _ = ModelConverter.Convert(folder.Path, folder.Output);

        foreach ((string source, string target) in ((string, string)[])
            [
                ("model.norm.weight", "output_norm.weight"),
                ("model.layers.1.pre_feedforward_layernorm.weight", "blk.1.ffn_norm.weight"),
                ("model.layers.1.post_attention_layernorm.weight", "blk.1.post_attention_norm.weight"),
                ("model.layers.1.self_attn.k_norm.weight", "blk.1.attn_k_norm.weight"),
            ])
        {
            Assert.Equal(folder.Tensors[source].Values.Select(value => value + 1f), ReadTensor(folder.Output, target));
        }
    }

    [Fact]
    public void Convert_Experts_StacksThemInOrder()
    {
        using var folder = new ModelFolder();
        Families["qwen3moe"](folder);

        _ = ModelConverter.Convert(folder.Path, folder.Output, new() { Type = TensorType.F32 });

        using GgufFile file = GgufFile.Open(folder.Output);
        GgufTensor stacked = file.FindTensor("blk.1.ffn_up_exps.weight")!;
        Assert.Equal([Hidden, 32L, 4], stacked.Dimensions[..3].ToArray());
        float[] expected = [.. Enumerable.Range(0, 4).SelectMany(expert =>
            folder.Tensors[$"model.layers.1.mlp.experts.{expert}.up_proj.weight"].Values)];
        Assert.Equal(expected, ReadTensor(folder.Output, "blk.1.ffn_up_exps.weight"));
    }

    [Fact]
    public void Convert_GraniteExperts_SplitsGateAndUp()
    {
        using var folder = new ModelFolder();
        Families["granitemoe"](folder);

        _ = ModelConverter.Convert(folder.Path, folder.Output, new() { Type = TensorType.F32 });

        float[] both = folder.Tensors["model.layers.0.block_sparse_moe.input_linear.weight"].Values;
        int half = FeedForward * Hidden;
        Assert.Equal(both[..half], ReadTensor(folder.Output, "blk.0.ffn_gate_exps.weight")[..half]);
        Assert.Equal(both[(3 * half)..(4 * half)], ReadTensor(folder.Output, "blk.0.ffn_up_exps.weight")[half..(2 * half)]);
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
            Assert.Equal(folder.Tensors["model.layers.0.mlp.up_proj.weight"].Values, ReadTensor(folder.Output, "blk.0.ffn_up.weight"));
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
        float[] actual = ReadTensor(folder.Output, "blk.0.ffn_up.weight");
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
        Families["qwen3moe"](folder);
        folder.Tensors.Remove("model.layers.1.mlp.experts.3.up_proj.weight");
        folder.Save("Qwen3MoeForCausalLM", Experts + ",\"head_dim\":16");

        var error = Assert.Throws<ModelFormatException>(() => ModelConverter.Convert(folder.Path, folder.Output));

        Assert.Contains("layer 1 has 11 matrices of experts, expected 12", error.Message, StringComparison.Ordinal);
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

    private static ModelFolder AddExperts(ModelFolder folder, string router, string experts, string[] names, int width = 32)
    {
        folder.AddLayers($"model.layers.*.{router}.weight", 4, Hidden);
        for (int expert = 0; expert < 4; expert++)
        {
            folder.AddLayers($"model.layers.*.{experts}.{expert}.{names[0]}.weight", width, Hidden)
                .AddLayers($"model.layers.*.{experts}.{expert}.{names[1]}.weight", width, Hidden)
                .AddLayers($"model.layers.*.{experts}.{expert}.{names[2]}.weight", Hidden, width);
        }

        return folder;
    }

    private static ModelFolder AddFourNorms(ModelFolder folder) =>
        folder.AddPreNorms().AddLayers("model.layers.*.pre_feedforward_layernorm.weight", Hidden)
            .AddLayers("model.layers.*.post_feedforward_layernorm.weight", Hidden);

    private static ModelFolder AddNeoX(ModelFolder folder)
    {
        const string Layer = "gpt_neox.layers.*";
        folder.Add("gpt_neox.embed_in.weight", Tokens, Hidden).Add("embed_out.weight", Tokens, Hidden);
        AddWithBias(folder, "gpt_neox.final_layer_norm", Hidden);
        foreach (string norm in (string[])["input_layernorm", "post_attention_layernorm"])
        {
            AddWithBias(folder, $"{Layer}.{norm}", Hidden);
        }

        AddWithBias(folder, $"{Layer}.attention.query_key_value", 3 * Hidden, Hidden);
        AddWithBias(folder, $"{Layer}.attention.dense", Hidden, Hidden);
        AddWithBias(folder, $"{Layer}.mlp.dense_h_to_4h", FeedForward, Hidden);
        AddWithBias(folder, $"{Layer}.mlp.dense_4h_to_h", Hidden, FeedForward);
        return folder.Save("GPTNeoXForCausalLM", ",\"rotary_pct\":0.5,\"num_key_value_heads\":null");
    }

    private static ModelFolder AddGpt2(ModelFolder folder)
    {
        folder.Add("wte.weight", Tokens, Hidden).Add("wpe.weight", 256, Hidden);
        AddWithBias(folder, "ln_f", Hidden);
        AddWithBias(folder, "h.*.ln_1", Hidden);
        AddWithBias(folder, "h.*.ln_2", Hidden);
        foreach ((string name, int rows, int columns) in ((string, int, int)[])
            [
                ("attn.c_attn", Hidden, 3 * Hidden), ("attn.c_proj", Hidden, Hidden), ("mlp.c_fc", Hidden, 4 * Hidden),
                ("mlp.c_proj", 4 * Hidden, Hidden),
            ])
        {
            folder.AddLayers($"h.*.{name}.weight", rows, columns).AddLayers($"h.*.{name}.bias", columns);
        }

        return folder.Save("GPT2LMHeadModel", ",\"num_key_value_heads\":null");
    }

    private static ModelFolder AddLfm2(ModelFolder folder)
    {
        folder.Add("model.embed_tokens.weight", Tokens, Hidden).Add("model.embedding_norm.weight", Hidden);
        folder.AddLayers("model.layers.*.operator_norm.weight", Hidden).AddLayers("model.layers.*.ffn_norm.weight", Hidden)
            .AddLayers("model.layers.*.feed_forward.w1.weight", 256, Hidden).AddLayers("model.layers.*.feed_forward.w3.weight", 256, Hidden)
            .AddLayers("model.layers.*.feed_forward.w2.weight", Hidden, 256);
        folder.Add("model.layers.0.conv.conv.weight", Hidden, 1, 3).Add("model.layers.0.conv.in_proj.weight", 3 * Hidden, Hidden)
            .Add("model.layers.0.conv.out_proj.weight", Hidden, Hidden);
        folder.Add("model.layers.1.self_attn.q_proj.weight", Hidden, Hidden).Add("model.layers.1.self_attn.k_proj.weight", 32, Hidden)
            .Add("model.layers.1.self_attn.v_proj.weight", 32, Hidden).Add("model.layers.1.self_attn.out_proj.weight", Hidden, Hidden)
            .Add("model.layers.1.self_attn.q_layernorm.weight", HeadSize).Add("model.layers.1.self_attn.k_layernorm.weight", HeadSize);
        return folder.Save("Lfm2ForCausalLM", ",\"layer_types\":[\"conv\",\"full_attention\"],\"norm_eps\":1e-5,\"block_multiple_of\":256");
    }

    private static ModelFolder AddBert(ModelFolder folder)
    {
        folder.Add("embeddings.word_embeddings.weight", Tokens, Hidden).Add("embeddings.position_embeddings.weight", 256, Hidden)
            .Add("embeddings.token_type_embeddings.weight", 2, Hidden);
        AddWithBias(folder, "embeddings.LayerNorm", Hidden);
        AddWithBias(folder, "pooler.dense", Hidden, Hidden);
        foreach (string part in (string[])["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"])
        {
            AddWithBias(folder, $"encoder.layer.*.{part}", Hidden, Hidden);
        }

        AddWithBias(folder, "encoder.layer.*.attention.output.LayerNorm", Hidden);
        AddWithBias(folder, "encoder.layer.*.output.LayerNorm", Hidden);
        AddWithBias(folder, "encoder.layer.*.intermediate.dense", FeedForward, Hidden);
        AddWithBias(folder, "encoder.layer.*.output.dense", Hidden, FeedForward);
        folder.Write("modules.json", """[{"type":"sentence_transformers.models.Pooling","path":"1_Pooling"}]""");
        Directory.CreateDirectory(Path.Join(folder.Path, "1_Pooling"));
        folder.Write("1_Pooling/config.json", """{"pooling_mode_mean_tokens":true}""");
        return folder.Save("BertModel", ",\"num_key_value_heads\":null").WriteWordPieces();
    }

    private static void AddWithBias(ModelFolder folder, string name, params long[] shape)
    {
        Action<string, long[]> add = name.Contains('*', StringComparison.Ordinal)
            ? (tensor, dimensions) => folder.AddLayers(tensor, dimensions)
            : (tensor, dimensions) => folder.Add(tensor, dimensions);
        add($"{name}.weight", shape);
        add($"{name}.bias", [shape[0]]);
    }

    private static float[] ReadTensor(string path, string name)
    {
        using GgufFile file = GgufFile.Open(path);
        GgufTensor tensor = file.FindTensor(name)!;
        var bytes = new byte[tensor.ByteLength];
        tensor.ReadRows(0, bytes);
        TensorFormat format = TensorFormats.Get(tensor.Type);
        var values = new float[bytes.Length / format.BlockBytes * format.BlockWeights];
        format.Dequantize(bytes, values);
        return values;
    }
}

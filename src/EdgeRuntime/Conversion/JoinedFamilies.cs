using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Json;

namespace EdgeRuntime.Conversion;

/// <summary>
/// Decoders whose files join queries, keys and values in one matrix: Falcon, MPT, InternLM 2, Baichuan, DBRX, OpenELM.
/// </summary>
internal static class JoinedFamilies
{
    /// <summary>The context of a Falcon, whose configuration has none.</summary>
    private const uint FalconContext = 2048;

    private const double GreatestBias = 8;
    private const string BlockName = "transformer.blocks.*";
    private const string OriginalLayout = "Meta AI original pth";
    private const string EndOfMessage = "<|im_end|>";

    /// <summary>What stands for the byte 0, which ends a text in C.</summary>
    private const string ZeroByte = "🐉";

    private const int NormalType = 1;
    private const int UnusedType = 5;

    private static readonly NameRule[] Falcon =
    [
        new("transformer.word_embeddings", "token_embd"),
        new("transformer.ln_f", "output_norm"),
        new("lm_head", "output"),
        new("transformer.h.*.input_layernorm", "blk.*.attn_norm"),
        new("transformer.h.*.ln_mlp", "blk.*.attn_norm"),
        new("transformer.h.*.ln_attn", "blk.*.attn_norm_2"),
        new("transformer.h.*.self_attention.query_key_value", "blk.*.attn_qkv", RowChange.GroupHeads),
        new("transformer.h.*.self_attention.dense", "blk.*.attn_output"),
        new("transformer.h.*.mlp.dense_h_to_4h", "blk.*.ffn_up"),
        new("transformer.h.*.mlp.dense_4h_to_h", "blk.*.ffn_down"),
    ];

    private static readonly NameRule[] Mpt =
    [
        new("transformer.wte", "token_embd"),
        new("transformer.wpe", "position_embd"),
        new("transformer.norm_f", "output_norm"),
        new("lm_head", "output"),
        new($"{BlockName}.norm_1", "blk.*.attn_norm"),
        new($"{BlockName}.norm_2", "blk.*.ffn_norm"),
        new($"{BlockName}.attn.Wqkv", "blk.*.attn_qkv"),
        new($"{BlockName}.attn.out_proj", "blk.*.attn_output"),
        new($"{BlockName}.attn.q_ln", "blk.*.attn_q_norm"),
        new($"{BlockName}.attn.k_ln", "blk.*.attn_k_norm"),
        new($"{BlockName}.ffn.up_proj", "blk.*.ffn_up"),
        new($"{BlockName}.ffn.down_proj", "blk.*.ffn_down"),
    ];

    private static readonly NameRule[] InternLm2 =
    [
        new("model.tok_embeddings", "token_embd"),
        new("model.norm", "output_norm"),
        new("output", "output"),
        new("model.layers.*.attention_norm", "blk.*.attn_norm"),
        new("model.layers.*.ffn_norm", "blk.*.ffn_norm"),
        new("model.layers.*.attention.wqkv", "blk.*.attn_q|blk.*.attn_k|blk.*.attn_v", RowChange.SplitGroups),
        new("model.layers.*.attention.wo", "blk.*.attn_output"),
        new("model.layers.*.feed_forward.w1", "blk.*.ffn_gate"),
        new("model.layers.*.feed_forward.w2", "blk.*.ffn_down"),
        new("model.layers.*.feed_forward.w3", "blk.*.ffn_up"),
    ];

    private static readonly NameRule[] Dbrx =
    [
        new("transformer.wte", "token_embd"),
        new("transformer.norm_f", "output_norm"),
        new("lm_head", "output"),
        new($"{BlockName}.norm_attn_norm.norm_1", "blk.*.attn_norm"),
        new($"{BlockName}.norm_attn_norm.norm_2", "blk.*.attn_output_norm"),
        new($"{BlockName}.norm_attn_norm.attn.Wqkv", "blk.*.attn_qkv"),
        new($"{BlockName}.norm_attn_norm.attn.out_proj", "blk.*.attn_output"),
        new($"{BlockName}.ffn.router.layer", "blk.*.ffn_gate_inp"),
        new($"{BlockName}.ffn.experts.mlp.w1", "blk.*.ffn_gate_exps", RowChange.SplitExperts),
        new($"{BlockName}.ffn.experts.mlp.v1", "blk.*.ffn_up_exps", RowChange.SplitExperts),
        new($"{BlockName}.ffn.experts.mlp.w2", "blk.*.ffn_down_exps", RowChange.TransposeExperts),
    ];

    private static readonly NameRule[] OpenElm =
    [
        new("transformer.token_embeddings", "token_embd"),
        new("transformer.norm", "output_norm"),
        new("transformer.layers.*.attn_norm", "blk.*.attn_norm"),
        new("transformer.layers.*.ffn_norm", "blk.*.ffn_norm"),
        new("transformer.layers.*.attn.qkv_proj", "blk.*.attn_qkv"),
        new("transformer.layers.*.attn.out_proj", "blk.*.attn_output"),
        new("transformer.layers.*.attn.q_norm", "blk.*.attn_q_norm"),
        new("transformer.layers.*.attn.k_norm", "blk.*.attn_k_norm"),
        new("transformer.layers.*.ffn.proj_1", "blk.*.ffn_gate|blk.*.ffn_up", RowChange.Split),
        new("transformer.layers.*.ffn.proj_2", "blk.*.ffn_down"),
    ];

    /// <summary>The families.</summary>
    public static readonly ModelFamily[] All =
    [
        new()
        {
            Classes = ["FalconForCausalLM", "RWForCausalLM"],
            Architecture = "falcon",
            Names = Falcon,
            Defaults = new Dictionary<string, double> { ["num_kv_heads"] = 1, ["layer_norm_epsilon"] = 1e-5 },
            Keys = AddFalconKeys,
        },
        new()
        {
            Classes = ["MPTForCausalLM"],
            Architecture = "mpt",
            Names = Mpt,
            Keys = AddMptKeys,
        },
        new()
        {
            Classes = ["InternLM2ForCausalLM"],
            Architecture = "internlm2",
            Names = InternLm2,
            Defaults = new Dictionary<string, double> { ["rms_norm_eps"] = 1e-6, ["rope_theta"] = 10000 },
            FinalKeys = AddInternLm2Vocabulary,
        },
        new()
        {
            Classes = ["BaichuanForCausalLM", "BaiChuanForCausalLM"],
            Architecture = "baichuan",
            Names =
            [
                .. CommonNames.Ends, .. CommonNames.PreNorms, .. CommonNames.FeedForward,
                new("model.layers.*.self_attn.W_pack", "blk.*.attn_q|blk.*.attn_k|blk.*.attn_v", RowChange.SplitPermuted),
                new("model.layers.*.self_attn.o_proj", "blk.*.attn_output"),
            ],
            Defaults = new Dictionary<string, double> { ["rms_norm_eps"] = 1e-6, ["rope_theta"] = 10000 },
            Keys = AddOriginalLayout,
        },
        new() { Classes = ["DbrxForCausalLM"], Architecture = "dbrx", Names = Dbrx, Keys = AddDbrxKeys, ConvertsRouter = true },
        new() { Classes = ["OpenELMForCausalLM"], Architecture = "openelm", Names = OpenElm, Keys = AddOpenElmKeys },
    ];

    private static void AddFalconKeys(ModelConfig config, KeyList keys)
    {
        JsonField alibi = config.Get("alibi");
        if (alibi.FindFlag() == true)
        {
            throw alibi.Wrong("false: a Falcon with ALiBi instead of a rotary embedding can't be converted");
        }

        keys.Remove(DecoderFamilies.RopeKeys);
        keys.Set("context_length", FalconContext);
        keys.Set("tensor_data_layout", "jploski");
        keys.Set("feed_forward_length", (uint)(4 * config.HiddenSize));
        keys.Set("attention.head_count_kv", (uint)config.KeyHeadCount);
    }

    private static void AddMptKeys(ModelConfig config, KeyList keys)
    {
        JsonField attention = config.Get("attn_config");
        keys.Set("context_length", (uint)config.GetCount("max_seq_len"));
        keys.Set("embedding_length", (uint)config.HiddenSize);
        keys.Set("feed_forward_length", (uint)(4 * config.HiddenSize));
        keys.Set("attention.layer_norm_epsilon", 1e-5f);
        if (attention["kv_n_heads"].Exists)
        {
            keys.Set("attention.head_count_kv", (uint)attention["kv_n_heads"].GetCount(int.MaxValue));
        }

        if (attention["clip_qkv"].Exists)
        {
            keys.Set("attention.clamp_kqv", (float)attention["clip_qkv"].GetNumber());
        }

        JsonField bias = attention["alibi_bias_max"];
        double greatest = bias.Exists ? bias.GetNumber() : GreatestBias;
        keys.Set("attention.max_alibi_bias", attention["alibi"].GetFlag(false) ? (float)greatest : 0f);
        keys.RemoveWhole("general.file_type"); // llama.cpp's converter writes none
    }

    private static void AddDbrxKeys(ModelConfig config, KeyList keys)
    {
        (JsonField attention, JsonField experts) = (config.Get("attn_config"), config.Get("ffn_config"));
        keys.Set("context_length", (uint)config.GetCount("max_seq_len"));
        keys.Set("embedding_length", (uint)config.HiddenSize);
        keys.Set("feed_forward_length", (uint)experts["ffn_hidden_size"].GetCount(int.MaxValue));
        keys.Set("attention.head_count_kv", (uint)attention["kv_n_heads"].GetCount(int.MaxValue));
        keys.Set("rope.freq_base", (float)attention["rope_theta"].GetNumber());
        keys.Set("attention.clamp_kqv", (float)attention["clip_qkv"].GetNumber());
        keys.Set("expert_count", (uint)config.ExpertCount);
        keys.Set("expert_used_count", (uint)experts["moe_top_k"].GetCount(int.MaxValue));
        keys.Set("attention.layer_norm_epsilon", 1e-5f);
    }

    private static void AddOpenElmKeys(ModelConfig config, KeyList keys)
    {
        int divisor = config.GetPositiveCount("ffn_dim_divisor");
        keys.Set("context_length", (uint)config.GetCount("max_context_length"));
        keys.Set("embedding_length", (uint)config.HiddenSize);
        ModelKeys.AddCount(keys, config, "attention.head_count", "num_query_heads");
        ModelKeys.AddCount(keys, config, "attention.head_count_kv", "num_kv_heads");
        keys.Set("feed_forward_length", config.Get("ffn_multipliers").Elements()
            .Select(multiplier => RoundToMultiple(multiplier.GetNumber() * config.HiddenSize, divisor)).ToArray());
        keys.Set("rope.freq_base", (float)config.GetNumber("rope_freq_constant"));
        keys.Set("rope.dimension_count", (uint)config.HeadSize);
        keys.Set("attention.layer_norm_rms_epsilon", 1e-6f);
    }

    /// <summary>Rounds to the nearest multiple, except one that is more than a tenth smaller.</summary>
    private static int RoundToMultiple(double size, int divisor)
    {
        int rounded = Math.Max(divisor, (int)(size + (divisor / 2.0)) / divisor * divisor);
        return rounded < 0.9 * size ? rounded + divisor : rounded;
    }

    /// <summary>Adds the keys of models whose heads are in the order of Meta's files.</summary>
    internal static void AddOriginalLayout(ModelConfig config, KeyList keys)
    {
        keys.Set("tensor_data_layout", OriginalLayout);
        keys.Set("rope.dimension_count", (uint)(config.HiddenSize / config.HeadCount));
    }

    private static void AddInternLm2Vocabulary(ModelConfig config, KeyList keys)
    {
        const string SpacePrefix = "tokenizer.ggml.add_space_prefix";
        keys.SetWhole(SpacePrefix, keys.FindWhole(SpacePrefix) ?? true);
        AddChatEnd(config, keys);
        if (keys.FindWhole("tokenizer.ggml.tokens") is not string[] tokens
            || keys.FindWhole("tokenizer.ggml.token_type") is not int[] types)
        {
            return;
        }

        for (int id = 0; id < tokens.Length; id++)
        {
            tokens[id] = tokens[id] == "\0" ? ZeroByte : tokens[id];
            types[id] = tokens[id].StartsWith("[UNUSED", StringComparison.Ordinal) && types[id] == NormalType ? UnusedType : types[id];
        }
    }

    /// <summary>Lets a turn of a chat end the text, if the vocabulary has a token for it.</summary>
    internal static void AddChatEnd(ModelConfig config, KeyList keys)
    {
        int end = Array.IndexOf(keys.FindWhole("tokenizer.ggml.tokens") as string[] ?? [], EndOfMessage);
        if (end >= 0)
        {
            keys.SetWhole("tokenizer.ggml.eos_token_id", (uint)end);
        }
    }
}

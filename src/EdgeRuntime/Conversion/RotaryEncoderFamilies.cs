using System;
using System.Collections.Generic;
using EdgeRuntime.Json;

namespace EdgeRuntime.Conversion;

/// <summary>Encoders with a rotary embedding: Nomic BERT with and without experts, ModernBERT, NeoBERT.</summary>
internal static class RotaryEncoderFamilies
{
    private const uint PoolingOfFirstToken = 2;

    // Nomic's files have a longer context than the models were trained for.
    private const int LongPositions = 8192;
    private const int TrainedPositions = 2048;
    private const int ShortPositions = 512;

    private static readonly ModelFamily Nomic = EncoderFamilies.Bert with
    {
        Classes = ["NomicBertModel"],
        Architecture = "nomic-bert",
        Names =
        [
            new("embeddings.word_embeddings", "token_embd"),
            new("embeddings.token_type_embeddings", "token_types"),
            new("emb_ln", "token_embd_norm"),
            new("encoder.layers.*.attn.Wqkv", "blk.*.attn_qkv"),
            new("encoder.layers.*.attn.out_proj", "blk.*.attn_output"),
            new("encoder.layers.*.norm1", "blk.*.attn_output_norm"),
            new("encoder.layers.*.norm2", "blk.*.layer_output_norm"),
            new("encoder.layers.*.mlp.fc1", "blk.*.ffn_up"),
            new("encoder.layers.*.mlp.fc11", "blk.*.ffn_up"),
            new("encoder.layers.*.mlp.fc12", "blk.*.ffn_gate"),
            new("encoder.layers.*.mlp.fc2", "blk.*.ffn_down"),
            new("encoder.layers.*.mlp.router.layer", "blk.*.ffn_gate_inp"),
            new("encoder.layers.*.mlp.experts.mlp.w1", "blk.*.ffn_up_exps", RowChange.SplitExperts),
            new("encoder.layers.*.mlp.experts.mlp.w2", "blk.*.ffn_down_exps", RowChange.TransposeExperts),
        ],
        Rename = static (_, name) => name.EndsWith("mlp.experts.bias", StringComparison.Ordinal) ? null : name,
        Defaults = new Dictionary<string, double> { ["type_vocab_size"] = 1, ["max_trained_positions"] = TrainedPositions },
        Keys = AddNomicKeys,
        Variant = ChooseNomic,
    };

    /// <summary>The families.</summary>
    public static readonly ModelFamily[] All =
    [
        Nomic,
        new()
        {
            Classes = ["ModernBertModel", "ModernBertForMaskedLM", "ModernBertForSequenceClassification"],
            Architecture = "modern-bert",
            Names =
            [
                new("embeddings.tok_embeddings", "token_embd"),
                new("embeddings.norm", "token_embd_norm"),
                new("final_norm", "output_norm"),
                new("layers.*.attn_norm", "blk.*.attn_norm"),
                new("layers.*.attn.Wqkv", "blk.*.attn_qkv"),
                new("layers.*.attn.Wo", "blk.*.attn_output"),
                new("layers.*.mlp_norm", "blk.*.ffn_norm"),
                new("layers.*.mlp.Wi", "blk.*.ffn_up"),
                new("layers.*.mlp.Wo", "blk.*.ffn_down"),
                new("head.dense", "cls"),
                new("head.norm", "cls.norm"),
                new("classifier", "cls.output"),
            ],
            RemovedPrefixes = [CommonNames.Prefix],
            Unused = ["decoder."],
            Defaults = new Dictionary<string, double> { ["norm_eps"] = 1e-5 },
            Pools = true,
            Keys = AddModernKeys,
        },
        EncoderFamilies.Bert with
        {
            Classes = ["NeoBERT", "NeoBERTLMHead"],
            Architecture = "neo-bert",
            Names =
            [
                new("encoder", "token_embd"),
                new("layer_norm", "enc.output_norm"),
                new("transformer_encoder.*.attention_norm", "blk.*.attn_norm"),
                new("transformer_encoder.*.qkv", "blk.*.attn_qkv"),
                new("transformer_encoder.*.wo", "blk.*.attn_output"),
                new("transformer_encoder.*.ffn_norm", "blk.*.ffn_norm"),
                new("transformer_encoder.*.ffn.w12", "blk.*.ffn_up"),
                new("transformer_encoder.*.ffn.w3", "blk.*.ffn_down"),
            ],
            RemovedPrefixes = [CommonNames.Prefix],
            Unused = ["decoder."],
            Defaults = new Dictionary<string, double> { ["type_vocab_size"] = 1, ["norm_eps"] = 1e-6 },
            Pools = false,
            Keys = static (config, keys) =>
            {
                keys.Set("attention.causal", false);
                keys.Set("feed_forward_length", (uint)(2L * config.GetCount("intermediate_size") / 3));
                keys.Set("rope.freq_base", 10000f);
                keys.Set("rope.scaling.type", "none");
                keys.Set("attention.layer_norm_rms_epsilon", (float)config.GetNumber("norm_eps"));
                keys.Set("pooling_type", PoolingOfFirstToken);
            },
        },
    ];

    private static ModelFamily ChooseNomic(JsonField config) =>
        config["moe_every_n_layers"].Exists && config["moe_every_n_layers"].GetCount(int.MaxValue) > 0
            ? Nomic with { Architecture = "nomic-bert-moe" }
            : Nomic;

    private static void AddNomicKeys(ModelConfig config, KeyList keys)
    {
        foreach ((string key, bool expected) in ((string, bool)[])
            [("causal", false), ("prenorm", false), ("rotary_emb_interleaved", false)])
        {
            if (config.Find(key).GetFlag(expected) != expected)
            {
                throw config.Find(key).Wrong(expected ? "true" : "false");
            }
        }

        if (config.FindNumber("rotary_emb_fraction") is not (null or 1))
        {
            throw config.Find("rotary_emb_fraction").Wrong("1");
        }

        int positions = config.GetCount("n_positions");
        keys.Set("context_length", (uint)((positions, config.GetCount("max_trained_positions")) switch
        {
            (LongPositions, TrainedPositions) => TrainedPositions,
            (TrainedPositions, TrainedPositions) => ShortPositions,
            _ => throw config.Find("n_positions").Wrong($"{LongPositions} or {TrainedPositions}, for {TrainedPositions} trained positions"),
        }));
        keys.Set("attention.causal", false);
        if (config.FindCount("moe_every_n_layers") is > 0 and int period)
        {
            keys.Set("moe_every_n_layers", (uint)period);
            keys.Set("expert_used_count", (uint)config.GetCount("moe_top_k"));
        }
    }

    private static void AddModernKeys(ModelConfig config, KeyList keys)
    {
        foreach (string token in (string[])["bos", "eos", "sep"])
        {
            keys.SetWhole($"tokenizer.ggml.add_{token}_token", true);
        }

        keys.Set("attention.causal", false);
        keys.Set("attention.sliding_window", (uint)config.GetCount("local_attention"));
        ModelKeys.AddCount(keys, config, "attention.sliding_window_pattern", "global_attn_every_n_layers");
        keys.Set("rope.scaling.type", "none");
        keys.Set("vocab_size", (uint)config.GetCount("vocab_size"));
        if (config.Find("hidden_activation").FindText() is { } activation)
        {
            keys.Set("hidden_activation", activation);
        }

        EncoderFamilies.AddLabels(config, keys);
    }
}

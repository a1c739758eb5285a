using System;
using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime.Conversion;

/// <summary>BERT and its descendants with learned positions: RoBERTa, DistilBERT; Jina BERT 2, and EuroBERT.</summary>
internal static class EncoderFamilies
{
    private static readonly NameRule[] Names =
    [
        new("embeddings.word_embeddings", "token_embd"),
        new("embeddings.position_embeddings", "position_embd"),
        new("embeddings.token_type_embeddings", "token_types"),
        new("embeddings.LayerNorm", "token_embd_norm"),
        new("encoder.layer.*.attention.self.query", "blk.*.attn_q"),
        new("encoder.layer.*.attention.self.key", "blk.*.attn_k"),
        new("encoder.layer.*.attention.self.value", "blk.*.attn_v"),
        new("encoder.layer.*.attention.output.dense", "blk.*.attn_output"),
        new("encoder.layer.*.attention.output.LayerNorm", "blk.*.attn_output_norm"),
        new("encoder.layer.*.intermediate.dense", "blk.*.ffn_up"),
        new("encoder.layer.*.output.dense", "blk.*.ffn_down"),
        new("encoder.layer.*.output.LayerNorm", "blk.*.layer_output_norm"),
        new("classifier.dense", "cls"),
        new("classifier.out_proj", "cls.output"),
    ];

    private static readonly NameRule[] DistilNames =
    [
        .. Names,
        new("transformer.layer.*.attention.q_lin", "blk.*.attn_q"),
        new("transformer.layer.*.attention.k_lin", "blk.*.attn_k"),
        new("transformer.layer.*.attention.v_lin", "blk.*.attn_v"),
        new("transformer.layer.*.attention.out_lin", "blk.*.attn_output"),
        new("transformer.layer.*.sa_layer_norm", "blk.*.attn_output_norm"),
        new("transformer.layer.*.ffn.lin1", "blk.*.ffn_up"),
        new("transformer.layer.*.ffn.lin2", "blk.*.ffn_down"),
        new("transformer.layer.*.output_layer_norm", "blk.*.layer_output_norm"),
    ];

    // The code models have more norms, and other names for the feed-forward.
    private static readonly NameRule[] JinaNames =
    [
        new("encoder.layer.*.attention.self.layer_norm_q", "blk.*.attn_q_norm"),
        new("encoder.layer.*.attention.self.layer_norm_k", "blk.*.attn_k_norm"),
        new("encoder.layer.*.layer_norm_1", "blk.*.attn_norm_2"),
        new("encoder.layer.*.layer_norm_2", "blk.*.layer_output_norm"),
        new("encoder.layer.*.mlp.layernorm", "blk.*.layer_output_norm"),
        new("encoder.layer.*.mlp.gated_layers", "blk.*.ffn_up"),
        new("encoder.layer.*.mlp.up_gated_layer", "blk.*.ffn_up"),
        new("encoder.layer.*.mlp.gated_layers_v", "blk.*.ffn_up"),
        new("encoder.layer.*.mlp.gated_layers_w", "blk.*.ffn_gate"),
        new("encoder.layer.*.mlp.wo", "blk.*.ffn_down"),
        new("encoder.layer.*.mlp.down_layer", "blk.*.ffn_down"),
    ];

    internal static readonly ModelFamily Bert = new()
    {
        Classes = ["BertModel", "BertForMaskedLM"],
        Architecture = "bert",
        Names = Names,
        RemovedPrefixes = ["bert.", "roberta."],
        Unused = ["embeddings.position_ids", "pooler.dense.", "cls.predictions", "cls.seq_relationship"],
        Defaults = new Dictionary<string, double>
        {
            ["layer_norm_eps"] = 1e-12,
            ["max_position_embeddings"] = 512,
            ["type_vocab_size"] = 2,
            ["pad_token_id"] = 0,
        },
        Pools = true,
        CountsTokenTypes = true,
        Keys = static (_, keys) => keys.Set("attention.causal", false),
    };

    /// <summary>The families.</summary>
    public static readonly ModelFamily[] All =
    [
        Bert,
        Bert with
        {
            Classes = ["RobertaModel", "XLMRobertaModel", "XLMRobertaForSequenceClassification"],
            Names =
            [
                new("embeddings.position_embeddings", "position_embd", RowChange.SkipPadding),
                .. Names,
            ],
            Defaults = new Dictionary<string, double>(Bert.Defaults) { ["pad_token_id"] = 1, ["layer_norm_eps"] = 1e-5 },
            Keys = AddRobertaKeys,
        },
        Bert with
        {
            Classes = ["DistilBertModel", "DistilBertForMaskedLM"],
            Names = DistilNames,
            RemovedPrefixes = ["distilbert."],
            Unused = ["vocab_"],
            Defaults = new Dictionary<string, double>(Bert.Defaults) { ["type_vocab_size"] = 1 },
            Keys = static (_, keys) =>
            {
                keys.Set("attention.causal", false);
                keys.Set("attention.layer_norm_epsilon", 1e-12f);
            },
        },
        Bert with
        {
            Classes = ["JinaBertModel", "JinaBertForMaskedLM"],
            Architecture = "jina-bert-v2",
            Names = [.. Names, .. JinaNames],
        },
        new()
        {
            Classes = ["EuroBertModel"],
            Architecture = "eurobert",
            Names = CommonNames.Decoder,
            OptionalPrefix = CommonNames.Prefix,
            Defaults = new Dictionary<string, double> { ["rms_norm_eps"] = 1e-5, ["rope_theta"] = 250000 },
            Pools = true,
            Keys = static (_, keys) =>
            {
                keys.SetWhole("tokenizer.ggml.add_bos_token", false);
                keys.Set("attention.causal", false);
                keys.Set("rope.scaling.type", "none");
            },
        },
    ];

    /// <summary>Gets the number of first positions that stand for padding in RoBERTa models.</summary>
    public static int CountPadding(ModelConfig config) => 1 + config.GetCount("pad_token_id");

    private static void AddRobertaKeys(ModelConfig config, KeyList keys)
    {
        keys.Set("attention.causal", false);
        int positions = config.GetCount("max_position_embeddings") - CountPadding(config);
        keys.Set("context_length", positions > 0 ? (uint)positions : throw config.Find("max_position_embeddings").Wrong("more positions"));
        AddLabels(config, keys);
    }

    /// <summary>Adds the names of the classes that a model tells apart, if it does.</summary>
    internal static void AddLabels(ModelConfig config, KeyList keys)
    {
        (string Key, string Label)[] labels =
            [.. config.Find("id2label").Members().Select(static label => (label.Key, label.Value.GetText()))];

        // Two numbered labels are what the publisher's library writes where there are none.
        if (labels.Length > 0 && !(labels.Length == 2 && labels[0].Label == "LABEL_0"))
        {
            keys.Set(
                "classifier.output_labels",
                labels.OrderBy(static label => label.Key.Length)
                    .ThenBy(static label => label.Key, StringComparer.Ordinal)
                    .Select(static label => label.Label)
                    .ToArray());
        }
    }
}

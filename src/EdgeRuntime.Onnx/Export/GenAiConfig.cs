using System.Buffers;
using System.Collections.Generic;
using System.Text.Json;
using EdgeRuntime.Gguf;
using EdgeRuntime.Modules;
using EdgeRuntime.Onnx.Translation;

namespace EdgeRuntime.Onnx.Export;

/// <summary>Writes the <c>genai_config.json</c> of a folder, as ONNX Runtime GenAI reads it.</summary>
internal static class GenAiConfig
{
    /// <summary>The name of the file.</summary>
    public const string FileName = "genai_config.json";

    /// <summary>Creates the content.</summary>
    /// <param name="model">The model.</param>
    /// <param name="metadata">The metadata of the GGUF file.</param>
    /// <param name="layers">The layers with keys and values.</param>
    /// <param name="graphFile">The name of the graph.</param>
    public static byte[] Create(
        TranslatedModel model, GgufMetadata metadata, IReadOnlyList<AttentionSpec> layers, string graphFile)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            WriteModel(json, model, metadata, layers, graphFile);
            WriteSearch(json, model.ContextLength);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteModel(
        Utf8JsonWriter json, TranslatedModel model, GgufMetadata metadata, IReadOnlyList<AttentionSpec> layers, string graphFile)
    {
        int end = TokenOf(metadata, "eos", 0);
        json.WriteStartObject("model");
        json.WriteString("type", "llama");
        json.WriteNumber("bos_token_id", TokenOf(metadata, "bos", end));
        json.WriteNumber("eos_token_id", end);
        json.WriteNumber("pad_token_id", TokenOf(metadata, "padding", end));
        json.WriteNumber("vocab_size", model.Modules.Vocabulary);
        json.WriteNumber("context_length", model.ContextLength);
        WriteDecoder(json, model, layers, graphFile);
        json.WriteEndObject();
    }

    /// <summary>Reads the id of a special token. Files without one leave it out, or write -1 as an unsigned number.</summary>
    private static int TokenOf(GgufMetadata metadata, string name, int fallback) =>
        metadata.TryGetValue($"tokenizer.ggml.{name}_token_id", out object? value) && value is uint token and <= int.MaxValue
            ? (int)token
            : fallback;

    private static void WriteDecoder(
        Utf8JsonWriter json, TranslatedModel model, IReadOnlyList<AttentionSpec> layers, string graphFile)
    {
        json.WriteStartObject("decoder");
        json.WriteString("filename", graphFile);
        json.WriteNumber("hidden_size", model.Modules.Hidden);
        if (layers is [var layer, ..])
        {
            // Of the first layer. Where others differ, GenAI reads the shapes of caches from the graph.
            json.WriteNumber("head_size", CachedAttention.HeadLength(layer));
            json.WriteNumber("num_attention_heads", layer.Heads);
            json.WriteNumber("num_key_value_heads", layer.KvHeads);
        }

        json.WriteNumber("num_hidden_layers", layers.Count);
        json.WriteStartObject("inputs");
        json.WriteString("input_ids", "input_ids");
        json.WriteString("attention_mask", "attention_mask");
        json.WriteString("past_key_names", "past_key_values.%d.key");
        json.WriteString("past_value_names", "past_key_values.%d.value");
        json.WriteEndObject();
        json.WriteStartObject("outputs");
        json.WriteString("logits", "logits");
        json.WriteString("present_key_names", "present.%d.key");
        json.WriteString("present_value_names", "present.%d.value");
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteSearch(Utf8JsonWriter json, int contextLength)
    {
        json.WriteStartObject("search");
        json.WriteNumber("max_length", contextLength);
        json.WriteBoolean("past_present_share_buffer", true);
        json.WriteEndObject();
    }
}

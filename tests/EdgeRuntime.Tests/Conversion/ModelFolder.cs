using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using EdgeRuntime.TestSupport;

namespace EdgeRuntime.Tests.Conversion;

/// <summary>A small random model in Hugging Face's layout.</summary>
internal sealed class ModelFolder : IDisposable
{
    public const int Hidden = 64;
    public const int Heads = 4;
    public const int KeyHeads = 2;
    public const int HeadSize = 16;
    public const int FeedForward = 96;
    public const int Layers = 2;
    public const int Tokens = 160;

    private readonly Random _random = new(1);
    private readonly HashSet<string> _bytes = [];

    public string Path { get; } = Directory.CreateTempSubdirectory("edgert-convert-").FullName;

    public string Output => System.IO.Path.Join(Path, "out.gguf");

    /// <summary>Gets the tensors in the order in which they were added.</summary>
    public Dictionary<string, (long[] Shape, float[] Values)> Tensors { get; } = [];

    /// <summary>Gets or sets the special tokens beside those that start and end a text.</summary>
    public string[] AddedTokens { get; set; } = [];

    public void Dispose() => Directory.Delete(Path, recursive: true);

    public void Write(string name, string text) => File.WriteAllText(System.IO.Path.Join(Path, name), text);

    /// <summary>Adds a tensor of random numbers.</summary>
    public ModelFolder Add(string name, params long[] shape)
    {
        var values = new float[shape.Aggregate(1L, (count, size) => count * size)];
        float around = name.Contains("norm", StringComparison.OrdinalIgnoreCase) ? 1f : 0f;
        for (int i = 0; i < values.Length; i++)
        {
            // Few bits, so that 16-bit types hold the numbers exactly.
            values[i] = around + (_random.Next(-64, 64) / 512f);
        }

        Tensors.Add(name, (shape, values));
        return this;
    }

    /// <summary>Adds a tensor of random bytes for each layer; the name has <c>*</c> for its number.</summary>
    /// <param name="name">The name.</param>
    /// <param name="low">The lowest byte.</param>
    /// <param name="end">One more than the highest byte.</param>
    /// <param name="shape">The dimensions, outermost first.</param>
    public ModelFolder AddByteLayers(string name, int low, int end, params long[] shape)
    {
        AddLayers(name, shape);
        for (int layer = 0; layer < Layers; layer++)
        {
            string tensor = name.Replace("*", $"{layer}", StringComparison.Ordinal);
            _bytes.Add(tensor);
            foreach (ref float value in Tensors[tensor].Values.AsSpan())
            {
                value = _random.Next(low, end);
            }
        }

        return this;
    }

    /// <summary>Takes a tensor away again.</summary>
    public ModelFolder Remove(string name)
    {
        Tensors.Remove(name);
        return this;
    }

    /// <summary>Takes the tensors away whose names have a start.</summary>
    public ModelFolder RemoveAll(string start)
    {
        foreach (string name in Tensors.Keys.Where(name => name.StartsWith(start, StringComparison.Ordinal)))
        {
            Tensors.Remove(name);
        }

        return this;
    }

    /// <summary>Takes a prefix away from the names of all tensors.</summary>
    public ModelFolder RemovePrefix(string prefix)
    {
        foreach ((string name, (long[] Shape, float[] Values) tensor) in Tensors.ToArray())
        {
            Tensors.Remove(name);
            Tensors.Add(name[prefix.Length..], tensor);
        }

        return this;
    }

    /// <summary>Adds a tensor for each layer; the name has <c>*</c> for its number.</summary>
    public ModelFolder AddLayers(string name, params long[] shape)
    {
        for (int layer = 0; layer < (name.Contains('*', StringComparison.Ordinal) ? Layers : 1); layer++)
        {
            Add(name.Replace("*", $"{layer}", StringComparison.Ordinal), shape);
        }

        return this;
    }

    /// <summary>Adds the tensors of attention and feed-forward that most decoders have.</summary>
    public ModelFolder AddDecoder(bool biases = false, bool queryKeyNorms = false, bool feedForward = true)
    {
        Add("model.embed_tokens.weight", Tokens, Hidden).Add("model.norm.weight", Hidden).Add("lm_head.weight", Tokens, Hidden);
        AddLayers("model.layers.*.self_attn.q_proj.weight", Heads * HeadSize, Hidden);
        AddLayers("model.layers.*.self_attn.k_proj.weight", KeyHeads * HeadSize, Hidden);
        AddLayers("model.layers.*.self_attn.v_proj.weight", KeyHeads * HeadSize, Hidden);
        AddLayers("model.layers.*.self_attn.o_proj.weight", Hidden, Heads * HeadSize);
        if (biases)
        {
            AddLayers("model.layers.*.self_attn.q_proj.bias", Heads * HeadSize);
            AddLayers("model.layers.*.self_attn.k_proj.bias", KeyHeads * HeadSize);
            AddLayers("model.layers.*.self_attn.v_proj.bias", KeyHeads * HeadSize);
        }

        if (queryKeyNorms)
        {
            AddLayers("model.layers.*.self_attn.q_norm.weight", HeadSize).AddLayers("model.layers.*.self_attn.k_norm.weight", HeadSize);
        }

        return feedForward ? AddFeedForward() : this;
    }

    /// <summary>Gives keys and values as many heads as queries.</summary>
    public ModelFolder WithAllHeads()
    {
        foreach (string part in (string[])["k_proj", "v_proj"])
        {
            for (int layer = 0; layer < Layers; layer++)
            {
                Remove($"model.layers.{layer}.self_attn.{part}.weight");
            }

            AddLayers($"model.layers.*.self_attn.{part}.weight", Heads * HeadSize, Hidden);
        }

        return this;
    }

    public ModelFolder AddPreNorms() =>
        AddLayers("model.layers.*.input_layernorm.weight", Hidden).AddLayers("model.layers.*.post_attention_layernorm.weight", Hidden);

    public ModelFolder AddFeedForward() =>
        AddLayers("model.layers.*.mlp.gate_proj.weight", FeedForward, Hidden)
            .AddLayers("model.layers.*.mlp.up_proj.weight", FeedForward, Hidden)
            .AddLayers("model.layers.*.mlp.down_proj.weight", Hidden, FeedForward);

    /// <summary>Adds an expert that all tokens use.</summary>
    public ModelFolder AddSharedFeedForward(string name) =>
        AddLayers($"{name}.gate_proj.weight", 32, Hidden).AddLayers($"{name}.up_proj.weight", 32, Hidden)
            .AddLayers($"{name}.down_proj.weight", Hidden, 32);

    /// <summary>Writes the files.</summary>
    /// <param name="architecture">The class of the model.</param>
    /// <param name="more">
    /// Members of <c>config.json</c> that replace the usual ones, or remove them by null; each with a comma before it.
    /// </param>
    /// <param name="brain">Whether the tensors are BF16.</param>
    public ModelFolder Save(string architecture, string more = "", bool brain = false)
    {
        var config = new JsonObject
        {
            ["architectures"] = new JsonArray(architecture),
            ["hidden_size"] = Hidden,
            ["num_attention_heads"] = Heads,
            ["num_key_value_heads"] = KeyHeads,
            ["num_hidden_layers"] = Layers,
            ["intermediate_size"] = FeedForward,
            ["vocab_size"] = Tokens,
            ["max_position_embeddings"] = 256,
            ["bos_token_id"] = 0,
            ["eos_token_id"] = 1,
        };
        foreach ((string key, JsonNode? value) in JsonNode.Parse($"{{{more.TrimStart(',')}}}")!.AsObject())
        {
            if (value is null)
            {
                config.Remove(key);
            }
            else
            {
                config[key] = value.DeepClone();
            }
        }

        Write("config.json", config.ToJsonString());
        SafetensorsWriter.Write(
            System.IO.Path.Join(Path, "model.safetensors"),
            Tensors.Select(tensor => (tensor.Key, tensor.Value.Shape, tensor.Value.Values)),
            brain,
            _bytes.Contains);
        WriteByteLevel();
        return this;
    }

    private void WriteByteLevel()
    {
        var vocabulary = new JsonObject { ["<|begin|>"] = 0, ["<|end|>"] = 1 };
        for (char c = '!'; c <= '~'; c++)
        {
            vocabulary[$"{c}"] = vocabulary.Count;
        }

        vocabulary["Ġ"] = vocabulary.Count;
        vocabulary["th"] = vocabulary.Count;
        var special = new List<string> { "<|begin|>", "<|end|>" };
        foreach (string token in AddedTokens)
        {
            vocabulary[token] = vocabulary.Count;
            special.Add(token);
        }

        Write(
            "tokenizer.json",
            new JsonObject
            {
                ["added_tokens"] = new JsonArray(
                    [.. special.Select(token => (JsonNode)new JsonObject
                    {
                        ["id"] = vocabulary[token]!.GetValue<int>(),
                        ["content"] = token,
                        ["special"] = true,
                    })]),
                ["pre_tokenizer"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["use_regex"] = true },
                ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocabulary, ["merges"] = new JsonArray("t h") },
            }.ToJsonString());
        Write("tokenizer_config.json", """{"bos_token":"<|begin|>","eos_token":"<|end|>","chat_template":"{{ messages[0].content }}"}""");
    }

    /// <summary>Writes a BPE vocabulary over characters instead, with as many pieces as the model has tokens.</summary>
    public ModelFolder WriteSentencePairs()
    {
        var vocabulary = new JsonObject
        {
            ["<|begin|>"] = 0,
            ["<|end|>"] = 1,
            ["<|channel>"] = 2,
            ["<note>"] = 3,
            ["\u2581"] = 4,
            ["th"] = 5,
        };
        for (char c = '!'; c <= '~'; c++)
        {
            vocabulary[$"{c}"] = vocabulary.Count;
        }

        for (int value = 0; vocabulary.Count < Tokens; value++)
        {
            vocabulary[$"<0x{value:X2}>"] = vocabulary.Count;
        }

        Write(
            "tokenizer.json",
            new JsonObject
            {
                ["added_tokens"] = new JsonArray(
                    [.. vocabulary.Take(4).Select(token => (JsonNode)new JsonObject
                    {
                        ["id"] = token.Value!.GetValue<int>(),
                        ["content"] = token.Key,
                        ["special"] = token.Key != "<note>",
                    })]),
                ["normalizer"] = new JsonObject
                {
                    ["type"] = "Replace",
                    ["pattern"] = new JsonObject { ["String"] = " " },
                    ["content"] = "\u2581",
                },
                ["decoder"] = new JsonObject { ["type"] = "Sequence", ["decoders"] = new JsonArray() },
                ["model"] = new JsonObject
                {
                    ["type"] = "BPE",
                    ["byte_fallback"] = true,
                    ["vocab"] = vocabulary,
                    ["merges"] = new JsonArray("t h"),
                },
            }.ToJsonString());
        return this;
    }

    /// <summary>Writes a WordPiece vocabulary instead.</summary>
    public ModelFolder WriteWordPieces()
    {
        var vocabulary = new JsonObject { ["[PAD]"] = 0, ["[UNK]"] = 1, ["[CLS]"] = 2, ["[SEP]"] = 3, ["the"] = 4, ["##re"] = 5 };
        Write(
            "tokenizer.json",
            new JsonObject
            {
                ["added_tokens"] = new JsonArray(
                    [.. vocabulary.Take(4).Select(token => (JsonNode)new JsonObject
                    {
                        ["id"] = token.Value!.GetValue<int>(),
                        ["content"] = token.Key,
                        ["special"] = true,
                    })]),
                ["normalizer"] = new JsonObject { ["type"] = "BertNormalizer", ["lowercase"] = true },
                ["pre_tokenizer"] = new JsonObject { ["type"] = "BertPreTokenizer" },
                ["model"] = new JsonObject { ["type"] = "WordPiece", ["unk_token"] = "[UNK]", ["vocab"] = vocabulary },
            }.ToJsonString());
        Write(
            "tokenizer_config.json",
            """
            {"cls_token":"[CLS]","sep_token":"[SEP]","unk_token":"[UNK]","pad_token":"[PAD]","tokenizer_class":"BertTokenizer"}
            """);
        return this;
    }
}

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Tokenizers.Tests;

/// <summary>Writes the vocabulary of a GGUF file as a folder in Hugging Face's layout, as its publisher would have.</summary>
internal static class TokenizerJsonWriter
{
    private const int Control = 3;
    private const int UserDefined = 4;

    public static void Write(string ggufPath, string folder)
    {
        using GgufFile file = GgufFile.Open(ggufPath);
        VocabularyData data = GgufVocabulary.Read(file.Metadata);
        JsonObject tokenizer = data.Model switch
        {
            "gpt2" => ByteLevel(data),
            "llama" or "gemma4" => Sentence(data),
            "bert" => WordPiece(data),
            _ => throw new NotSupportedException(data.Model),
        };
        tokenizer["added_tokens"] = AddedTokens(data, isPhi3: Path.GetFileName(ggufPath).StartsWith("phi-3", StringComparison.Ordinal));
        File.WriteAllText(Path.Join(folder, "tokenizer.json"), tokenizer.ToJsonString());
        File.WriteAllText(Path.Join(folder, "tokenizer_config.json"), Settings(data).ToJsonString());
        File.WriteAllText(
            Path.Join(folder, "config.json"),
            $$"""{"model_type":"{{data.Model}}","vocab_size":{{data.Tokens.Count}}}""");
    }

    public static JsonObject Split(string expression) => new()
    {
        ["type"] = "Split",
        ["pattern"] = new JsonObject { ["Regex"] = expression },
        ["behavior"] = "Isolated",
        ["invert"] = false,
    };

    private static string Text(VocabularyData data, int token) => Encoding.UTF8.GetString(data.Tokens[token]);

    private static int Type(VocabularyData data, int token) => data.TokenTypes.IsEmpty ? 1 : data.TokenTypes.Span[token];

    private static JsonObject ByteLevel(VocabularyData data)
    {
        // Steps that no pre-tokenizer has are recognized by the tokens of the vocabulary.
        var steps = new JsonArray([.. (PreTokenizerForms.FindSteps(data.PreTokenizer) ?? ["unknown"]).Select(Split)]);
        steps.Add(new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["use_regex"] = false });
        return new JsonObject
        {
            ["pre_tokenizer"] = new JsonObject { ["type"] = "Sequence", ["pretokenizers"] = steps },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["ignore_merges"] = PreTokenizers.Find(data.PreTokenizer).IgnoresMerges,
                ["vocab"] = Vocabulary(data, static text => text),
                ["merges"] = Merges(data),
            },
        };
    }

    private static JsonObject Sentence(VocabularyData data) => new()
    {
        ["normalizer"] = new JsonObject
        {
            ["type"] = "Sequence",
            ["normalizers"] = new JsonArray(
            [
                .. data.Model == "llama" && data.GetFlag("add_space_prefix", true)
                    ? (JsonNode[])[new JsonObject { ["type"] = "Prepend", ["prepend"] = "▁" }] : [],
                new JsonObject { ["type"] = "Replace", ["pattern"] = new JsonObject { ["String"] = " " }, ["content"] = "▁" },
            ]),
        },
        ["model"] = new JsonObject
        {
            ["type"] = "BPE",
            ["byte_fallback"] = true,
            ["unk_token"] = "<unk>",
            ["vocab"] = Vocabulary(data, static text => text),
            ["merges"] = data.Model == "llama" ? MergesOfScores(data) : Merges(data),
        },
    };

    private static JsonObject WordPiece(VocabularyData data) => new()
    {
        ["normalizer"] = new JsonObject { ["type"] = "BertNormalizer", ["lowercase"] = true, ["strip_accents"] = null },
        ["pre_tokenizer"] = new JsonObject { ["type"] = "BertPreTokenizer" },
        ["model"] = new JsonObject
        {
            ["type"] = "WordPiece",
            ["unk_token"] = "[UNK]",
            ["continuing_subword_prefix"] = "##",
            ["vocab"] = Vocabulary(
                data, static text => text.StartsWith('▁') ? text[1..] : text.StartsWith('[') && text.EndsWith(']') ? text : "##" + text),
        },
    };

    private static JsonObject Vocabulary(VocabularyData data, Func<string, string> spell)
    {
        var vocabulary = new JsonObject();
        for (int token = 0; token < data.Tokens.Count; token++)
        {
            if (Type(data, token) is not (Control or UserDefined))
            {
                vocabulary[spell(Text(data, token))] = token;
            }
        }

        return vocabulary;
    }

    private static JsonArray Merges(VocabularyData data)
    {
        var merges = new JsonArray();
        foreach (ReadOnlySpan<byte> merge in data.Merges)
        {
            string text = Encoding.UTF8.GetString(merge);
            int space = text.IndexOf(' ', 1);
            merges.Add(merges.Count % 2 == 0 ? (JsonNode)text : new JsonArray(text[..space], text[(space + 1)..]));
        }

        return merges;
    }

    // All pairs of pieces that make a piece, the piece with the best score first, as converters of SentencePiece models list them.
    private static JsonArray MergesOfScores(VocabularyData data)
    {
        var texts = Enumerable.Range(0, data.Tokens.Count).Select(token => Text(data, token)).ToHashSet();
        var merges = new JsonArray();
        foreach (int token in Enumerable.Range(0, data.Tokens.Count).OrderByDescending(token => data.Scores.Span[token]))
        {
            string text = Text(data, token);
            for (int left = 1; left < text.Length; left++)
            {
                if (Type(data, token) == 1 && texts.Contains(text[..left]) && texts.Contains(text[left..]))
                {
                    merges.Add(new JsonArray(text[..left], text[left..]));
                }
            }
        }

        return merges;
    }

    private static JsonArray AddedTokens(VocabularyData data, bool isPhi3)
    {
        var added = new JsonArray();
        for (int token = 0; token < data.Tokens.Count; token++)
        {
            if (Type(data, token) is not (Control or UserDefined) && !(data.Model == "llama" && Type(data, token) == 2))
            {
                continue;
            }

            string text = Text(data, token);
            added.Add(new JsonObject
            {
                ["id"] = token,
                ["content"] = text,
                ["special"] = Type(data, token) != UserDefined,
                ["rstrip"] = isPhi3 && text is not ("<unk>" or "<s>" or "<|endoftext|>"),
                ["lstrip"] = false,
            });
        }

        return added;
    }

    private static JsonObject Settings(VocabularyData data)
    {
        var settings = new JsonObject();
        foreach ((string name, string key) in (IEnumerable<(string, string)>)
            [("bos", "bos"), ("eos", "eos"), ("unknown", "unk"), ("separator", "sep"), ("padding", "pad"), ("mask", "mask")])
        {
            if (data.SpecialTokens.TryGetValue(name, out int id))
            {
                settings[$"{key}_token"] = Text(data, id);
            }
        }

        foreach ((string key, bool flag) in data.Flags)
        {
            settings[key] = flag;
        }

        return settings;
    }
}

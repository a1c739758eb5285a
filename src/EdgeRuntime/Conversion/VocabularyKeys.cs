using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Conversion;

/// <summary>Adds the keys of the vocabulary and the chat templates.</summary>
internal static class VocabularyKeys
{
    private const string Prefix = "tokenizer.ggml.";
    private const string Template = "tokenizer.chat_template";

    // The names of special tokens in the vocabulary and in keys.
    private static readonly (string Name, string Key)[] Specials =
    [
        ("bos", "bos"), ("eos", "eos"), ("unknown", "unknown"), ("separator", "seperator"), ("padding", "padding"), ("mask", "mask"),
        ("eot", "eot"), ("eom", "eom"),
    ];

    /// <summary>Adds the keys.</summary>
    public static void Add(KeyList keys, HuggingFaceVocabulary vocabulary, ModelConfig config, ModelFamily family)
    {
        VocabularyData data = vocabulary.Data;
        if (family.CountsTokenTypes)
        {
            keys.SetWhole(Prefix + "token_type_count", (uint)config.GetCount("type_vocab_size"));
        }

        keys.SetWhole(Prefix + "model", data.Model);
        keys.SetWhole(Prefix + "pre", data.PreTokenizer!);
        string[] tokens = [.. data.Tokens.Select(static token => Encoding.UTF8.GetString(token.Span))];
        keys.SetWhole(Prefix + "tokens", tokens);
        if (data.Scores.Length > 0)
        {
            keys.SetWhole(Prefix + "scores", data.Scores.ToArray());
        }

        keys.SetWhole(Prefix + "token_type", data.TokenTypes.ToArray());
        if (data.Merges.Count > 0)
        {
            keys.SetWhole(Prefix + "merges", ReadMerges(data.Merges));
        }

        foreach ((string name, string key) in Specials)
        {
            if (data.SpecialTokens.TryGetValue(name, out int id))
            {
                keys.SetWhole($"{Prefix}{key}_token_id", (uint)id);
            }
        }

        foreach ((string key, string token) in family.SpecialTokens)
        {
            if (!data.SpecialTokens.ContainsKey(key))
            {
                int id = Array.IndexOf(tokens, token);
                keys.SetWhole($"{Prefix}{key}_token_id", id >= 0 ? (uint)id : throw new ModelFormatException(
                    config.File, -1, $"the tokenizer has no token {token}, expected one in a model of {family.Architecture}"));
            }
        }

        AddFlags(keys, data, family);
        if (data.CharsMap.Length > 0)
        {
            keys.SetWhole(Prefix + "precompiled_charsmap", data.CharsMap.ToArray());
        }

        AddTemplates(keys, vocabulary.Templates);
        family.FinalKeys?.Invoke(config, keys);
    }

    private static string[] ReadMerges(GgufStringSequence merges)
    {
        var texts = new List<string>(merges.Count);
        foreach (ReadOnlySpan<byte> merge in merges)
        {
            texts.Add(Encoding.UTF8.GetString(merge));
        }

        return [.. texts];
    }

    private static void AddFlags(KeyList keys, VocabularyData data, ModelFamily family)
    {
        foreach ((string flag, bool value) in data.Flags)
        {
            bool isUsed = flag switch
            {
                "add_bos_token" or "add_eos_token" or "add_sep_token" or "remove_extra_whitespaces" => true,
                "normalizer.lowercase" or "normalizer.strip_accents" => true,
                "add_space_prefix" => data.Model != "gpt2" || family.WritesSpacePrefix,
                _ => false,
            };
            if (isUsed)
            {
                keys.SetWhole(Prefix + flag, value);
            }
        }
    }

    private static void AddTemplates(KeyList keys, IReadOnlyList<(string Name, string Source)> templates)
    {
        var named = new List<string>();
        foreach ((string name, string source) in templates)
        {
            if (name == "default")
            {
                keys.SetWhole(Template, source);
            }
            else
            {
                string plain = new([.. name.Select(static c => char.IsAsciiLetterOrDigit(c) ? c : '_')]);
                named.Add(plain);
                keys.SetWhole($"{Template}.{plain}", source);
            }
        }

        if (named.Count > 0)
        {
            keys.SetWhole("tokenizer.chat_templates", named.ToArray());
        }
    }
}

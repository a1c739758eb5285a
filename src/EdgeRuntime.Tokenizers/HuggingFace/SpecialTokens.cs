using System;
using System.Collections.Generic;
using System.Text.Json;
using EdgeRuntime.Json;

namespace EdgeRuntime.HuggingFace;

/// <summary>
/// Finds the special tokens of a folder and which of them are added to a text. The sources and their order are those of llama.cpp's
/// converter: the templates of <c>tokenizer.json</c> correct <c>tokenizer_config.json</c>, and <c>config.json</c> adds what both lack.
/// </summary>
internal sealed class SpecialTokens
{
    private static readonly string[] Types = ["bos", "eos", "unk", "sep", "pad", "cls", "mask"];

    // The names of the types in the keys of vocabularies.
    private static readonly Dictionary<string, string> LongNames = new()
    {
        ["unk"] = "unknown",
        ["sep"] = "separator",
        ["pad"] = "padding",
    };

    private readonly TokenizerFiles _files;
    private readonly List<string> _types = [.. Types];
    private readonly Dictionary<string, string?> _texts = []; // by type
    private readonly Dictionary<string, int> _added = [];

    private SpecialTokens(TokenizerFiles files)
    {
        _files = files;
        foreach (JsonField token in files.Main["added_tokens"].Elements())
        {
            _ = _added.TryAdd(token["content"].GetText(), token["id"].GetCount(PieceList.MaxTokens - 1));
        }
    }

    /// <summary>Gets the ids by the last part of their key.</summary>
    public Dictionary<string, int> Ids { get; } = [];

    /// <summary>Gets the flags such as <c>add_bos_token</c>.</summary>
    public Dictionary<string, bool> Flags { get; } = [];

    /// <summary>Reads the special tokens.</summary>
    /// <param name="files">The files.</param>
    /// <param name="tokens">The number of tokens. Ids beyond it are ignored.</param>
    /// <exception cref="ModelFormatException">A file is damaged.</exception>
    public static SpecialTokens Read(TokenizerFiles files, int tokens)
    {
        var special = new SpecialTokens(files);
        special.ReadTexts();
        special.ReadPostProcessor(files.Main["post_processor"]);
        special.FindIds(tokens);
        return special;
    }

    private void ReadTexts()
    {
        foreach (string type in Types)
        {
            JsonField entry = _files.Settings[$"{type}_token"];
            _texts[type] = entry.Kind == JsonValueKind.Object ? entry["content"].FindText() : entry.FindText();
        }

        if (_files.Main.Exists)
        {
            _texts["bos"] ??= _texts["cls"];
            _texts["eos"] ??= _texts["sep"];
        }
    }

    private void ReadPostProcessor(JsonField field)
    {
        if (!field.Exists)
        {
            return;
        }

        JsonField parts = field["processors"];
        foreach (JsonField part in parts.Exists ? parts.Elements() : [field])
        {
            switch (part["type"].FindText())
            {
                case "RobertaProcessing":
                    (Flags["add_bos_token"], Flags["add_eos_token"], Flags["add_sep_token"]) = (true, true, true);
                    _texts["cls"] ??= part["cls"].Count > 0 ? part["cls"][0].GetText() : _texts["bos"];
                    _texts["sep"] ??= part["sep"].Count > 0 ? part["sep"][0].GetText() : _texts["eos"];
                    break;
                case "TemplateProcessing":
                    ReadSingle(part["single"], out string? first, out string? last);
                    ReadPair(part["pair"], first, last);
                    break;
            }
        }
    }

    private void ReadSingle(JsonField single, out string? first, out string? last)
    {
        (first, last) = (null, null);
        if (single.Count < 2)
        {
            return;
        }

        first = GetSpecial(single[0]);
        if (first is not null)
        {
            if (first != _texts["bos"] && first != _texts["cls"])
            {
                _texts["bos"] ??= first;
                _texts["cls"] ??= first;
            }

            Flags["add_bos_token"] = first == _texts["bos"] || first == _texts["cls"];
        }

        last = GetSpecial(single[single.Count - 1]);
        if (last is not null)
        {
            ReplaceEnd(last);
            Flags["add_eos_token"] = true;
        }
    }

    // The token that ends a text in the template is EOS; the one that the settings name ends a turn.
    private void ReplaceEnd(string last)
    {
        if (last == _texts["eos"])
        {
            return;
        }

        if (_files.Settings.Exists)
        {
            foreach (string type in (ReadOnlySpan<string>)["eot", "eom"])
            {
                if (!_types.Contains(type))
                {
                    _types.Add(type);
                    _texts[type] = _texts["eos"];
                    break;
                }
            }
        }

        _texts["eos"] = last;
    }

    private void ReadPair(JsonField pair, string? first, string? last)
    {
        int start = first is not null && pair.Count > 0 && GetSpecial(pair[0]) == first ? 1 : 0;
        int end = last is not null && pair.Count > start && GetSpecial(pair[pair.Count - 1]) == last ? pair.Count - 1 : pair.Count;
        if (end - start < 3 || pair[start]["Sequence"]["id"].FindText() != "A" || pair[end - 1]["Sequence"]["id"].FindText() != "B")
        {
            return;
        }

        bool IsSeparator(int index) => GetSpecial(pair[index]) is { } text && (text == _texts["sep"] || text == _texts["eos"]);

        bool adds = (IsSeparator(start + 1) && last is null) || (end - start == 4 && IsSeparator(start + 2));
        Flags["add_sep_token"] = adds;
        if (adds)
        {
            _texts["sep"] ??= _texts["eos"];
        }
    }

    private void FindIds(int tokens)
    {
        foreach (string type in _types)
        {
            if (_files.Settings[$"add_{type}_token"] is { Kind: JsonValueKind.True or JsonValueKind.False } adds)
            {
                Flags[$"add_{type}_token"] = adds.GetFlag(false);
            }

            if (_texts.GetValueOrDefault(type) is { } text && _added.TryGetValue(text, out int id))
            {
                SetId(type, id, tokens);
            }
        }

        foreach (string type in _types)
        {
            string key = $"{type}_token_id";
            JsonField id = _files.Model[key].Exists ? _files.Model[key] : _files.Model["text_config"][key];
            if (id.TryGetInteger(out long value))
            {
                SetId(type, value, tokens);
            }
        }
    }

    private void SetId(string type, long id, int tokens)
    {
        if (id >= 0 && id < tokens)
        {
            _ = Ids.TryAdd(LongNames.GetValueOrDefault(type, type), (int)id);
        }
    }

    private static string? GetSpecial(JsonField entry) => entry["SpecialToken"]["id"].FindText();
}

using System;
using System.Buffers;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using EdgeRuntime.HuggingFace;

namespace EdgeRuntime;

/// <summary>Creates the contents of <c>tokenizer.json</c> and <c>tokenizer_config.json</c> for a vocabulary.</summary>
internal sealed class TokenizerWriter
{
    private const string SpaceMark = "\u2581";

    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The special tokens by their names in the settings and in a vocabulary.</summary>
    private static readonly (string Setting, string Name)[] s_special =
    [
        ("unk_token", "unknown"), ("pad_token", "padding"), ("sep_token", "separator"), ("cls_token", "cls"), ("mask_token", "mask"),
    ];

    private readonly string _path;
    private readonly VocabularyData _data;
    private readonly Tokenizer _tokenizer;
    private readonly string[] _pieces;

    /// <param name="path">The path of the file with the vocabulary, for messages.</param>
    /// <param name="data">The vocabulary.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <exception cref="UnsupportedModelException">A piece is not UTF-8, or two pieces are equal.</exception>
    public TokenizerWriter(string path, VocabularyData data, Tokenizer tokenizer)
    {
        (_path, _data, _tokenizer) = (path, data, tokenizer);
        _pieces = new string[data.Tokens.Count];
        var ids = new Dictionary<string, int>(_pieces.Length, StringComparer.Ordinal);
        for (int id = 0; id < _pieces.Length; id++)
        {
            _pieces[id] = Decode(id);
            if (!ids.TryAdd(_pieces[id], id))
            {
                throw Unsupported($"tokens {ids[_pieces[id]]} and {id} have the same text, which tokenizer.json can't express");
            }
        }
    }

    /// <summary>Formats an object as JSON.</summary>
    public static string Format(JsonObject value)
    {
        var options = new JsonWriterOptions
        {
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            Indented = true,
            NewLine = "\n",
        };
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, options))
        {
            value.WriteTo(writer);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan) + "\n";
    }

    /// <summary>Creates the content of <c>tokenizer.json</c>.</summary>
    /// <exception cref="UnsupportedModelException">The kind of vocabulary, or its pre-tokenizer, can't be written.</exception>
    public JsonObject CreateTokenizer()
    {
        (JsonObject model, JsonObject? normalizer, JsonObject? preTokenizer, JsonObject decoder) = _data.Model switch
        {
            "gpt2" => CreateByteLevel(),
            "llama" => CreateSentencePiece(),
            "t5" => CreateUnigram(),
            _ => throw Unsupported(
                $"the tokenizer model \"{_data.Model}\" can't be written as tokenizer.json; gpt2 (byte-level BPE), llama "
                + "(SentencePiece BPE) and t5 (unigram) can"),
        };
        return new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = CreateAddedTokens(),
            ["normalizer"] = normalizer,
            ["pre_tokenizer"] = preTokenizer,
            ["post_processor"] = CreatePostProcessor(),
            ["decoder"] = decoder,
            ["model"] = model,
        };
    }

    /// <summary>Creates the content of <c>tokenizer_config.json</c>.</summary>
    public JsonObject CreateSettings(int? contextLength)
    {
        (int[] before, int[] after) = FindAdded();
        var settings = new JsonObject
        {
            ["tokenizer_class"] = "PreTrainedTokenizerFast",
            ["add_bos_token"] = before.Length > 0,
            ["add_eos_token"] = after.Length > 0,
            ["clean_up_tokenization_spaces"] = false,
        };
        if (contextLength is { } length)
        {
            settings["model_max_length"] = length;
        }

        AddToken(settings, "bos_token", _tokenizer.BeginOfSequence);
        AddToken(settings, "eos_token", _tokenizer.EndOfSequence);
        foreach ((string setting, string name) in s_special)
        {
            AddToken(settings, setting, _data.SpecialTokens.TryGetValue(name, out int id) ? id : null);
        }

        return settings;
    }

    private (JsonObject Model, JsonObject? Normalizer, JsonObject? PreTokenizer, JsonObject Decoder) CreateByteLevel()
    {
        PreTokenizer preTokenizer = PreTokenizers.Find(_data.PreTokenizer);
        IReadOnlyList<string> steps = preTokenizer.Spelling == PieceSpelling.ByteLevel
            && PreTokenizerForms.FindSteps(_data.PreTokenizer) is { } known
            ? known
            : throw Unsupported($"the pre-tokenizer \"{preTokenizer.Names[0]}\" can't be written as tokenizer.json");
        var merges = new JsonArray();
        foreach (ReadOnlySpan<byte> merge in _data.Merges)
        {
            merges.Add((JsonNode)Encoding.UTF8.GetString(merge));
        }

        JsonObject ByteLevel() => new()
        {
            ["type"] = "ByteLevel",
            ["add_prefix_space"] = false,
            ["trim_offsets"] = true,
            ["use_regex"] = false,
        };
        JsonArray all = new([.. steps.Select(CreateStep), ByteLevel()]);
        JsonObject model = CreateBytePair(merges, byteFallback: false, unknown: null);
        model["ignore_merges"] = preTokenizer.IgnoresMerges;
        return (model, null, new JsonObject { ["type"] = "Sequence", ["pretokenizers"] = all }, ByteLevel());
    }

    private static JsonObject CreateStep(string step) => step == PreTokenizerSteps.Punctuation
        ? new JsonObject { ["type"] = step, ["behavior"] = "Contiguous" }
        : new JsonObject
        {
            ["type"] = "Split",
            ["pattern"] = new JsonObject { ["Regex"] = step },
            ["behavior"] = "Isolated",
            ["invert"] = false,
        };

    private (JsonObject Model, JsonObject? Normalizer, JsonObject? PreTokenizer, JsonObject Decoder) CreateSentencePiece()
    {
        bool hasPrefix = _data.GetFlag("add_space_prefix", true);
        bool hasBytes = _data.TokenTypes.Span.Contains((int)PieceType.Byte);
        JsonObject model = CreateBytePair(
            SentencePieceMerges.Find(_pieces, _data.Scores.Span),
            hasBytes,
            _data.SpecialTokens.TryGetValue("unknown", out int id) ? id : null);
        JsonObject Replace(string from, string to) => new()
        {
            ["type"] = "Replace",
            ["pattern"] = new JsonObject { ["String"] = from },
            ["content"] = to,
        };
        JsonArray normalizers = new(Replace(" ", SpaceMark));
        JsonArray decoders = new(
            Replace(SpaceMark, " "), new JsonObject { ["type"] = "ByteFallback" }, new JsonObject { ["type"] = "Fuse" });
        if (hasPrefix)
        {
            normalizers.Insert(0, new JsonObject { ["type"] = "Prepend", ["prepend"] = SpaceMark });
            decoders.Add((JsonNode)new JsonObject { ["type"] = "Strip", ["content"] = " ", ["start"] = 1, ["stop"] = 0 });
        }

        return (
            model,
            new JsonObject { ["type"] = "Sequence", ["normalizers"] = normalizers },
            null,
            new JsonObject { ["type"] = "Sequence", ["decoders"] = decoders });
    }

    private (JsonObject Model, JsonObject? Normalizer, JsonObject? PreTokenizer, JsonObject Decoder) CreateUnigram()
    {
        ReadOnlyMemory<float> scores = _data.Scores;
        if (scores.Length != _pieces.Length)
        {
            throw Unsupported("the vocabulary has no scores, which a unigram model needs");
        }

        JsonObject Metaspace() => new()
        {
            ["type"] = "Metaspace",
            ["replacement"] = SpaceMark,
            ["prepend_scheme"] = _data.GetFlag("add_space_prefix", true) ? "always" : "never",
            ["split"] = true,
        };
        bool mergesSpaces = _data.GetFlag("remove_extra_whitespaces", false);
        JsonObject preTokenizer = !mergesSpaces ? Metaspace() : new JsonObject
        {
            ["type"] = "Sequence",
            ["pretokenizers"] = new JsonArray(new JsonObject { ["type"] = "WhitespaceSplit" }, Metaspace()),
        };
        JsonObject? normalizer = _data.CharsMap.IsEmpty ? null : new JsonObject
        {
            ["type"] = "Precompiled",
            ["precompiled_charsmap"] = Convert.ToBase64String(_data.CharsMap.Span),
        };
        var model = new JsonObject
        {
            ["type"] = "Unigram",
            ["unk_id"] = _data.SpecialTokens.TryGetValue("unknown", out int unknown) ? unknown : null,
            ["vocab"] = new JsonArray([.. _pieces.Select((piece, id) => new JsonArray(piece, scores.Span[id]))]),
            ["byte_fallback"] = false,
        };
        return (model, normalizer, preTokenizer, Metaspace());
    }

    private JsonObject CreateBytePair(JsonArray merges, bool byteFallback, int? unknown)
    {
        var vocabulary = new JsonObject();
        for (int id = 0; id < _pieces.Length; id++)
        {
            vocabulary.Add(_pieces[id], id);
        }

        return new JsonObject
        {
            ["type"] = "BPE",
            ["dropout"] = null,
            ["unk_token"] = unknown is { } token && token < _pieces.Length ? _pieces[token] : null,
            ["continuing_subword_prefix"] = null,
            ["end_of_word_suffix"] = null,
            ["fuse_unk"] = byteFallback,
            ["byte_fallback"] = byteFallback,
            ["ignore_merges"] = false,
            ["vocab"] = vocabulary,
            ["merges"] = merges,
        };
    }

    private JsonArray CreateAddedTokens()
    {
        var tokens = new JsonArray();
        ReadOnlySpan<int> types = _data.TokenTypes.Span;
        for (int id = 0; id < types.Length; id++)
        {
            var type = (PieceType)types[id];
            if (type is PieceType.Unknown or PieceType.Control or PieceType.UserDefined)
            {
                tokens.Add((JsonNode)new JsonObject
                {
                    ["id"] = id,
                    ["content"] = _pieces[id],
                    ["single_word"] = false,
                    ["lstrip"] = false,
                    ["rstrip"] = false,
                    ["normalized"] = false,
                    ["special"] = type != PieceType.UserDefined,
                });
            }
        }

        return tokens;
    }

    /// <summary>Creates the template with the tokens that are added to a text; null if there are none.</summary>
    private JsonObject? CreatePostProcessor()
    {
        (int[] before, int[] after) = FindAdded();
        if (before.Length + after.Length == 0)
        {
            return null;
        }

        JsonObject Special(int id) =>
            new() { ["SpecialToken"] = new JsonObject { ["id"] = _pieces[id], ["type_id"] = 0 } };
        JsonArray Template(params string[] sequences) => new(
        [
            .. sequences.SelectMany(sequence => (IEnumerable<JsonNode>)
            [
                .. before.Select(Special),
                new JsonObject { ["Sequence"] = new JsonObject { ["id"] = sequence, ["type_id"] = sequence == "A" ? 0 : 1 } },
                .. after.Select(Special),
            ]),
        ]);
        var tokens = new JsonObject();
        foreach (int id in before.Concat(after).Distinct())
        {
            tokens.Add(_pieces[id], new JsonObject
            {
                ["id"] = _pieces[id],
                ["ids"] = new JsonArray(id),
                ["tokens"] = new JsonArray(_pieces[id]),
            });
        }

        return new JsonObject
        {
            ["type"] = "TemplateProcessing",
            ["single"] = Template("A"),
            ["pair"] = Template("A", "B"),
            ["special_tokens"] = tokens,
        };
    }

    /// <summary>Finds the tokens that are added before and after every text.</summary>
    private (int[] Before, int[] After) FindAdded()
    {
        const string Text = "a";
        int[] plain = _tokenizer.Encode(Text, addSpecial: false);
        int[] whole = _tokenizer.Encode(Text, addSpecial: true);
        int start = whole.AsSpan().IndexOf(plain);
        return start < 0 ? ([], []) : (whole[..start], whole[(start + plain.Length)..]);
    }

    private void AddToken(JsonObject settings, string name, int? id)
    {
        if (id is >= 0 and int token && token < _pieces.Length)
        {
            settings[name] = _pieces[token];
        }
    }

    private string Decode(int id)
    {
        try
        {
            return s_strict.GetString(_data.Tokens[id]);
        }
        catch (DecoderFallbackException)
        {
            throw Unsupported($"token {id} is not UTF-8, which tokenizer.json can't express");
        }
    }

    private UnsupportedModelException Unsupported(string problem) => new($"{_path}: {problem}");
}

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
        TokenizerParts parts = new TokenizerModelWriter(_path, _data, _pieces).Create();
        return new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = CreateAddedTokens(),
            ["normalizer"] = parts.Normalizer,
            ["pre_tokenizer"] = parts.PreTokenizer,
            ["post_processor"] = CreatePostProcessor(),
            ["decoder"] = parts.Decoder,
            ["model"] = parts.Model,
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

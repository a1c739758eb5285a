using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using EdgeRuntime.HuggingFace;

namespace EdgeRuntime;

/// <summary>The parts of <c>tokenizer.json</c> that depend on the kind of vocabulary.</summary>
/// <param name="Model">The pieces and how text becomes pieces.</param>
/// <param name="Normalizer">The changes of the text before; null for none.</param>
/// <param name="PreTokenizer">The division of the text into words; null for none.</param>
/// <param name="Decoder">The way back from pieces to text.</param>
internal readonly record struct TokenizerParts(JsonObject Model, JsonObject? Normalizer, JsonObject? PreTokenizer, JsonObject Decoder);

/// <summary>Creates the parts of <c>tokenizer.json</c> for each kind of vocabulary.</summary>
/// <param name="path">The path of the file with the vocabulary, for messages.</param>
/// <param name="data">The vocabulary.</param>
/// <param name="pieces">Its pieces as text.</param>
internal sealed class TokenizerModelWriter(string path, VocabularyData data, string[] pieces)
{
    private const string SpaceMark = "\u2581";

    /// <summary>Creates the parts for the vocabulary.</summary>
    /// <exception cref="UnsupportedModelException">The kind of vocabulary, or its pre-tokenizer, can't be written.</exception>
    public TokenizerParts Create() => data.Model switch
    {
        "gpt2" => CreateByteLevel(),
        "llama" => CreateSentencePiece(),
        "t5" => CreateUnigram(),
        _ => throw Unsupported(
            $"the tokenizer model \"{data.Model}\" can't be written as tokenizer.json; gpt2 (byte-level BPE), llama "
            + "(SentencePiece BPE) and t5 (unigram) can"),
    };

    private TokenizerParts CreateByteLevel()
    {
        PreTokenizer preTokenizer = PreTokenizers.Find(data.PreTokenizer);
        IReadOnlyList<string> steps = preTokenizer.Spelling == PieceSpelling.ByteLevel
            && PreTokenizerForms.FindSteps(data.PreTokenizer) is { } known
            ? known
            : throw Unsupported($"the pre-tokenizer \"{preTokenizer.Names[0]}\" can't be written as tokenizer.json");
        var merges = new JsonArray();
        foreach (ReadOnlySpan<byte> merge in data.Merges)
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
        return new(model, null, new JsonObject { ["type"] = "Sequence", ["pretokenizers"] = all }, ByteLevel());
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

    private TokenizerParts CreateSentencePiece()
    {
        bool hasPrefix = data.GetFlag("add_space_prefix", true);
        bool hasBytes = data.TokenTypes.Span.Contains((int)PieceType.Byte);
        JsonObject model = CreateBytePair(
            SentencePieceMerges.Find(pieces, data.Scores.Span),
            hasBytes,
            data.SpecialTokens.TryGetValue("unknown", out int id) ? id : null);
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

        return new(
            model,
            new JsonObject { ["type"] = "Sequence", ["normalizers"] = normalizers },
            null,
            new JsonObject { ["type"] = "Sequence", ["decoders"] = decoders });
    }

    private TokenizerParts CreateUnigram()
    {
        ReadOnlyMemory<float> scores = data.Scores;
        if (scores.Length != pieces.Length)
        {
            throw Unsupported("the vocabulary has no scores, which a unigram model needs");
        }

        JsonObject Metaspace() => new()
        {
            ["type"] = "Metaspace",
            ["replacement"] = SpaceMark,
            ["prepend_scheme"] = data.GetFlag("add_space_prefix", true) ? "always" : "never",
            ["split"] = true,
        };
        bool mergesSpaces = data.GetFlag("remove_extra_whitespaces", false);
        JsonObject preTokenizer = !mergesSpaces ? Metaspace() : new JsonObject
        {
            ["type"] = "Sequence",
            ["pretokenizers"] = new JsonArray(new JsonObject { ["type"] = "WhitespaceSplit" }, Metaspace()),
        };
        JsonObject? normalizer = data.CharsMap.IsEmpty ? null : new JsonObject
        {
            ["type"] = "Precompiled",
            ["precompiled_charsmap"] = Convert.ToBase64String(data.CharsMap.Span),
        };
        var model = new JsonObject
        {
            ["type"] = "Unigram",
            ["unk_id"] = data.SpecialTokens.TryGetValue("unknown", out int unknown) ? unknown : null,
            ["vocab"] = new JsonArray([.. pieces.Select((piece, id) => new JsonArray(piece, scores.Span[id]))]),
            ["byte_fallback"] = false,
        };
        return new(model, normalizer, preTokenizer, Metaspace());
    }

    private JsonObject CreateBytePair(JsonArray merges, bool byteFallback, int? unknown)
    {
        var vocabulary = new JsonObject();
        for (int id = 0; id < pieces.Length; id++)
        {
            vocabulary.Add(pieces[id], id);
        }

        return new JsonObject
        {
            ["type"] = "BPE",
            ["dropout"] = null,
            ["unk_token"] = unknown is { } token && token < pieces.Length ? pieces[token] : null,
            ["continuing_subword_prefix"] = null,
            ["end_of_word_suffix"] = null,
            ["fuse_unk"] = byteFallback,
            ["byte_fallback"] = byteFallback,
            ["ignore_merges"] = false,
            ["vocab"] = vocabulary,
            ["merges"] = merges,
        };
    }

    private UnsupportedModelException Unsupported(string problem) => new($"{path}: {problem}");
}

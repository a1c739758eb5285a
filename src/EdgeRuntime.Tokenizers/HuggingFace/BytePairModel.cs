using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json;
using EdgeRuntime.Json;

namespace EdgeRuntime.HuggingFace;

/// <summary>Reads a BPE model: over bytes, or over characters with byte tokens (SentencePiece).</summary>
internal static class BytePairModel
{
    private const int MaxMerges = 8 << 20;

    /// <summary>The score of the tokens of Gemma 4, whose merges have the order.</summary>
    private const float NoScore = -1000f;

    private static readonly string[] SentenceNormalizers = ["Replace", "Prepend"];
    private static readonly string[] ByteLevelNormalizers = ["NFC"];

    // Marks of Gemma 4 that programs read in its answers, although its files call them special. Source: llama.cpp v0.5.0, Gemma4Model.
    private static readonly string[] VisibleMarks =
        ["<|channel>", "<channel|>", "<|tool_call>", "<tool_call|>", "<|tool_response>", "<tool_response|>", "<|\"|>"];

    /// <summary>Reads the model.</summary>
    /// <exception cref="ModelFormatException">The file is damaged.</exception>
    /// <exception cref="UnsupportedModelException">A part of the model is not supported.</exception>
    public static TokenizerDescription Read(TokenizerFiles files)
    {
        JsonField model = files.Main["model"];
        foreach (string affix in (ReadOnlySpan<string>)["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (model[affix].FindText() is { Length: > 0 } text)
            {
                throw TokenizerReader.Unsupported(model, $"model.{affix} \"{Printable.Shorten(text)}\" is not supported");
            }
        }

        IReadOnlyList<string> steps = PreTokenizerSteps.Read(files.Main["pre_tokenizer"], out bool isByteLevel);
        bool isSentence = !isByteLevel && model["byte_fallback"].GetFlag(false);
        if (!isByteLevel && !isSentence)
        {
            throw TokenizerReader.Unsupported(
                model, "a BPE model with neither ByteLevel in pre_tokenizer nor byte_fallback is not supported");
        }

        IReadOnlyList<string> normalizers = Normalizers.Read(files.Main["normalizer"]);
        Normalizers.Require(files.Main, normalizers, isByteLevel ? ByteLevelNormalizers : SentenceNormalizers);
        List<byte[]> merges = ReadMerges(model["merges"]);
        return isByteLevel ? ReadByteLevel(files, steps, merges) : ReadSentence(files, steps, normalizers, merges);
    }

    private static TokenizerDescription ReadByteLevel(TokenizerFiles files, IReadOnlyList<string> steps, List<byte[]> merges)
    {
        JsonField model = files.Main["model"];
        PieceList pieces = TokenizerReader.ReadPieces(files);
        return new TokenizerDescription
        {
            Model = "gpt2",
            Pieces = pieces.GetTexts(),
            Types = pieces.GetTypes(),
            Merges = merges,
            IgnoresMerges = model["ignore_merges"].GetFlag(false),
            Steps = steps,
            Unknown = pieces.Find(model["unk_token"].FindText()),
        };
    }

    private static TokenizerDescription ReadSentence(
        TokenizerFiles files, IReadOnlyList<string> steps, IReadOnlyList<string> normalizers, List<byte[]> merges)
    {
        JsonField model = files.Main["model"];
        var ranks = new Dictionary<string, int>(merges.Count);
        for (int rank = 0; rank < merges.Count; rank++)
        {
            _ = ranks.TryAdd(Encoding.UTF8.GetString(merges[rank]).Replace(" ", "", StringComparison.Ordinal), rank);
        }

        bool isLines = files.Model["model_type"].FindText()?.StartsWith("gemma4", StringComparison.Ordinal) == true;
        PieceList pieces = TokenizerReader.ReadPieces(files, text =>
        {
            bool isByte = text.Length == 6 && text.StartsWith("<0x", StringComparison.Ordinal) && text[5] == '>';
            return (isByte ? PieceType.Byte : PieceType.Normal, isLines ? NoScore : -(float)ranks.GetValueOrDefault(text, merges.Count));
        });
        if (isLines)
        {
            SetTypes(pieces, files.Main["added_tokens"], model["vocab"].Members().Count());
        }

        bool prefixes = normalizers.Contains("Prepend") || Metaspace.AddsPrefix(files.Main["pre_tokenizer"]);
        return new TokenizerDescription
        {
            Model = isLines ? "gemma4" : "llama",
            Pieces = pieces.GetTexts(),
            Types = pieces.GetTypes(),
            Scores = pieces.GetScores(),
            Merges = isLines ? merges : [],
            Steps = steps,
            Flags = prefixes ? [] : new Dictionary<string, bool> { ["add_space_prefix"] = false },
            Unknown = pieces.Find(model["unk_token"].FindText()),
        };
    }

    /// <summary>Sets the types of Gemma 4's added tokens: those of the vocabulary that are not special are ordinary.</summary>
    private static void SetTypes(PieceList pieces, JsonField added, int vocabularySize)
    {
        foreach (JsonField token in added.Elements())
        {
            int id = token["id"].GetCount(PieceList.MaxTokens - 1);
            string text = token["content"].GetText();
            PieceType type = VisibleMarks.Contains(text) ? PieceType.UserDefined
                : token["special"].GetFlag(false) ? PieceType.Control
                : id < vocabularySize ? PieceType.Normal
                : PieceType.UserDefined;
            pieces.Set(id, text, type, NoScore);
        }
    }

    /// <summary>Reads the merges: "left right" or ["left", "right"].</summary>
    private static List<byte[]> ReadMerges(JsonField field)
    {
        if (field.Count > MaxMerges)
        {
            throw field.Wrong($"at most {MaxMerges} merges");
        }

        var merges = new List<byte[]>(field.Count);
        foreach (JsonField merge in field.Elements())
        {
            string text = merge.Kind == JsonValueKind.Array && merge.Count == 2
                ? $"{Spell(merge[0].GetText())} {Spell(merge[1].GetText())}"
                : merge.GetText();
            int space = text.IndexOf(' ', StringComparison.Ordinal);
            if (space <= 0 || space == text.Length - 1)
            {
                throw merge.Wrong("two pieces with a space between");
            }

            merges.Add(Encoding.UTF8.GetBytes(text));
        }

        return merges;
    }

    // A space inside a part becomes its letter in the alphabet of bytes.
    private static string Spell(string part) => part.Replace(' ', 'Ġ');
}

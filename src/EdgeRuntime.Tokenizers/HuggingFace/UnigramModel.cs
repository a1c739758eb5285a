using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Json;

namespace EdgeRuntime.HuggingFace;

/// <summary>Reads a unigram model (SentencePiece).</summary>
internal static class UnigramModel
{
    private static readonly string[] SupportedNormalizers = ["Precompiled", "Replace", "Strip"];

    /// <summary>Reads the model.</summary>
    /// <exception cref="ModelFormatException">The file is damaged.</exception>
    /// <exception cref="UnsupportedModelException">A part of the model is not supported.</exception>
    public static TokenizerDescription Read(TokenizerFiles files)
    {
        JsonField model = files.Main["model"];
        if (model["byte_fallback"].GetFlag(false))
        {
            throw TokenizerReader.Unsupported(model, "byte_fallback of a unigram model is not supported");
        }

        JsonField normalizer = files.Main["normalizer"];
        IReadOnlyList<string> normalizers = Normalizers.Read(normalizer);
        Normalizers.Require(files.Main, normalizers, SupportedNormalizers);
        IReadOnlyList<string> steps = PreTokenizerSteps.Read(files.Main["pre_tokenizer"], out _);
        string[] known = [PreTokenizerSteps.Metaspace, PreTokenizerSteps.WhitespaceSplit];
        if (steps.Except(known).FirstOrDefault() is { } other)
        {
            throw TokenizerReader.Unsupported(
                model, $"the pre-tokenizer \"{Printable.Shorten(other)}\" is not supported with a unigram model; supported is Metaspace");
        }

        bool mergesSpaces = steps.Contains(PreTokenizerSteps.WhitespaceSplit) || normalizers.Contains("Replace")
            || files.Settings["clean_up_tokenization_spaces"].GetFlag(false);
        PieceList pieces = ReadPieces(files, out int? unknown);
        return new TokenizerDescription
        {
            Model = "t5",
            Pieces = pieces.GetTexts(),
            Types = pieces.GetTypes(),
            Scores = pieces.GetScores(),
            Flags = new Dictionary<string, bool>
            {
                ["add_space_prefix"] = Metaspace.AddsPrefix(files.Main["pre_tokenizer"]),
                ["remove_extra_whitespaces"] = mergesSpaces,
            },
            CharsMap = ReadCharsMap(normalizer),
            Unknown = unknown,
        };
    }

    private static PieceList ReadPieces(TokenizerFiles files, out int? unknown)
    {
        JsonField model = files.Main["model"];
        var pieces = new PieceList();
        unknown = model["unk_id"].Exists ? model["unk_id"].GetCount(PieceList.MaxTokens - 1) : null;
        foreach (JsonField entry in model["vocab"].Elements())
        {
            if (entry.Count != 2 || pieces.Count == PieceList.MaxTokens)
            {
                throw entry.Wrong($"a piece and its score, at most {PieceList.MaxTokens} times");
            }

            PieceType type = pieces.Count == unknown ? PieceType.Unknown : PieceType.Normal;
            pieces.Set(pieces.Count, entry[0].GetText(), type, (float)entry[1].GetNumber());
        }

        pieces.SetAdded(files.Main["added_tokens"], unknown is int id ? pieces.GetText(id) : null);
        TokenizerReader.Complete(pieces, files);
        return pieces;
    }

    private static byte[] ReadCharsMap(JsonField normalizer)
    {
        foreach (JsonField step in Normalizers.Steps(normalizer))
        {
            if (step["type"].GetText() == "Precompiled" && step["precompiled_charsmap"].FindText() is { } text)
            {
                try
                {
                    return Convert.FromBase64String(text);
                }
                catch (FormatException)
                {
                    throw step["precompiled_charsmap"].Wrong("base64");
                }
            }
        }

        return [];
    }
}

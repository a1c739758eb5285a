using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Json;

namespace EdgeRuntime.HuggingFace;

/// <summary>Reads a WordPiece model (BERT).</summary>
internal static class WordPieceModel
{
    private const string Continuing = "##";

    private static readonly string[] SupportedNormalizers = ["BertNormalizer", "Lowercase", "StripAccents", "NFC", "NFD"];

    /// <summary>Reads the model.</summary>
    /// <exception cref="ModelFormatException">The file is damaged.</exception>
    /// <exception cref="UnsupportedModelException">A part of the model is not supported.</exception>
    public static TokenizerDescription Read(TokenizerFiles files)
    {
        JsonField model = files.Main["model"];
        if (model["continuing_subword_prefix"].FindText() is not (null or Continuing))
        {
            throw TokenizerReader.Unsupported(model, $"model.continuing_subword_prefix other than \"{Continuing}\" is not supported");
        }

        IReadOnlyList<string> steps = PreTokenizerSteps.Read(files.Main["pre_tokenizer"], out _);
        if (steps.Except([PreTokenizerSteps.Bert]).FirstOrDefault() is { } other)
        {
            throw TokenizerReader.Unsupported(
                model,
                $"the pre-tokenizer \"{Printable.Shorten(other)}\" is not supported with a WordPiece model; supported is BertPreTokenizer");
        }

        PieceList pieces = TokenizerReader.ReadPieces(files);
        return new TokenizerDescription
        {
            Model = "bert",
            Pieces = pieces.GetTexts(Spell),
            Types = pieces.GetTypes(),
            Flags = ReadFlags(files.Main),
            Unknown = pieces.Find(model["unk_token"].FindText()),
        };
    }

    // In GGUF files the pieces that start a word have a mark, not the others.
    private static string Spell(string text, PieceType type) =>
        type == PieceType.Control ? text
        : text.StartsWith(Continuing, StringComparison.Ordinal) ? text[Continuing.Length..]
        : "\u2581" + text;

    private static Dictionary<string, bool> ReadFlags(JsonField tokenizer)
    {
        var flags = new Dictionary<string, bool>();
        Normalizers.Require(tokenizer, Normalizers.Read(tokenizer["normalizer"]), SupportedNormalizers);
        foreach (JsonField step in Normalizers.Steps(tokenizer["normalizer"]))
        {
            switch (step["type"].GetText())
            {
                case "Lowercase":
                    flags["normalizer.lowercase"] = true;
                    break;
                case "StripAccents":
                    flags["normalizer.strip_accents"] = true;
                    break;
                case "BertNormalizer":
                    ReadBertFlags(step, flags);
                    break;
            }
        }

        return flags;
    }

    private static void ReadBertFlags(JsonField step, Dictionary<string, bool> flags)
    {
        foreach (string flag in (ReadOnlySpan<string>)["handle_chinese_chars", "clean_text"])
        {
            if (!step[flag].GetFlag(true))
            {
                throw TokenizerReader.Unsupported(step, $"a BertNormalizer without {flag} is not supported");
            }
        }

        if (step["lowercase"].FindFlag() is { } lowers)
        {
            flags["normalizer.lowercase"] = lowers;
        }

        if (step["strip_accents"].FindFlag() is { } strips)
        {
            flags["normalizer.strip_accents"] = strips;
        }
    }
}

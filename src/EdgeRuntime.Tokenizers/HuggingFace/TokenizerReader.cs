using System;
using System.IO;
using EdgeRuntime.Json;

namespace EdgeRuntime.HuggingFace;

/// <summary>Reads the tokenizer of a folder.</summary>
internal static class TokenizerReader
{
    /// <summary>Reads the tokenizer.</summary>
    /// <param name="files">The files of the folder.</param>
    /// <returns>The description; its tokens are at least as many as <c>config.json</c> says.</returns>
    /// <exception cref="ModelFormatException">A file is damaged.</exception>
    /// <exception cref="UnsupportedModelException">The kind of tokenizer is not supported.</exception>
    /// <exception cref="FileNotFoundException">The folder has no tokenizer.</exception>
    public static TokenizerDescription Read(TokenizerFiles files)
    {
        JsonField model = files.Main["model"];
        if (files.SentencePieceModel is { } path && (!files.Main.Exists || IsSentencePiece(model)))
        {
            return SentencePieceModel.Read(files, path);
        }

        if (!files.Main.Exists)
        {
            throw new FileNotFoundException($"{files.Folder}: has no tokenizer; expected a folder with tokenizer.json or tokenizer.model");
        }

        string type = model["type"].FindText() ?? GuessType(model);
        return type switch
        {
            "BPE" => BytePairModel.Read(files),
            "Unigram" => UnigramModel.Read(files),
            "WordPiece" => WordPieceModel.Read(files),
            _ => throw Unsupported(
                model, $"the tokenizer model \"{Printable.Shorten(type)}\" is not supported; supported are BPE, Unigram, WordPiece"),
        };
    }

    /// <summary>Reads the pieces of a vocabulary that maps them to ids, and the added tokens.</summary>
    /// <param name="files">The files of the folder.</param>
    /// <param name="describe">Gets the type and the score of a piece; null for ordinary pieces without a score.</param>
    /// <exception cref="ModelFormatException">Two pieces have the same id, or a value is of the wrong kind.</exception>
    public static PieceList ReadPieces(TokenizerFiles files, Func<string, (PieceType Type, float Score)>? describe = null)
    {
        var pieces = new PieceList();
        foreach ((string text, JsonField id) in files.Main["model"]["vocab"].Members())
        {
            (PieceType type, float score) = describe?.Invoke(text) ?? (PieceType.Normal, 0f);
            pieces.AddUnique(id, id.GetCount(PieceList.MaxTokens - 1), text, type, score);
        }

        pieces.SetAdded(files.Main["added_tokens"]);
        Complete(pieces, files);
        return pieces;
    }

    /// <summary>Adds unused ids up to the number of tokens that the model has.</summary>
    /// <exception cref="ModelFormatException">Far more ids are unused than in any published vocabulary.</exception>
    public static void Complete(PieceList pieces, TokenizerFiles files)
    {
        pieces.GrowTo(GetVocabularySize(files));
        int unused = pieces.CountUnused();
        if (unused > PieceList.MaxUnused)
        {
            throw new ModelFormatException(
                files.Main.File is { Length: > 0 } file ? file : files.Folder,
                -1,
                $"the vocabulary: found {unused} token ids without a token, expected at most {PieceList.MaxUnused}");
        }
    }

    /// <summary>Creates the exception for a part of the tokenizer that is not supported.</summary>
    public static UnsupportedModelException Unsupported(JsonField place, string what) => new($"{place.File}: {what}");

    /// <summary>Gets the number of tokens that the model has, or 0 if the folder does not say.</summary>
    private static int GetVocabularySize(TokenizerFiles files)
    {
        JsonField size = files.Model["vocab_size"].Exists ? files.Model["vocab_size"] : files.Model["text_config"]["vocab_size"];
        return size.Exists ? size.GetCount(PieceList.MaxTokens) : 0;
    }

    // Only the pieces of a SentencePiece BPE have scores there that the JSON file lacks.
    private static bool IsSentencePiece(JsonField model) => model["byte_fallback"].GetFlag(false) && model["merges"].Exists;

    // Old files name no type.
    private static string GuessType(JsonField model) =>
        model["merges"].Exists ? "BPE" : model["unk_id"].Exists ? "Unigram" : "WordPiece";
}

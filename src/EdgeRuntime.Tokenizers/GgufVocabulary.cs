using System;
using System.Collections.Generic;
using EdgeRuntime.Gguf;

namespace EdgeRuntime;

/// <summary>Reads the vocabulary of a file from its <c>tokenizer.ggml.*</c> keys.</summary>
internal static class GgufVocabulary
{
    private const string Prefix = "tokenizer.ggml.";
    private const string IdSuffix = "_token_id";

    // Names of special tokens in keys that differ from those in the tokenizers. The last three are an old spelling.
    private static readonly Dictionary<string, string> OtherNames = new()
    {
        ["seperator"] = "separator",
        ["prefix"] = "fim_pre",
        ["suffix"] = "fim_suf",
        ["middle"] = "fim_mid",
    };

    /// <summary>Creates the tokenizer of a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="preTokenizer">The name of the pre-tokenizer, or null for the one that the file names.</param>
    /// <exception cref="ModelFormatException">The vocabulary is damaged or contradicts itself.</exception>
    /// <exception cref="UnsupportedModelException">
    /// The kind of vocabulary is not supported. The message lists the supported kinds.
    /// </exception>
    public static Tokenizer CreateTokenizer(GgufFile file, string? preTokenizer = null)
    {
        VocabularyData vocabulary = Read(file.Metadata);
        try
        {
            if (preTokenizer is not null)
            {
                _ = PreTokenizers.Find(preTokenizer); // refuses an unknown name, whatever the kind of vocabulary
                vocabulary = vocabulary with { PreTokenizer = preTokenizer };
            }

            return Tokenizer.Create(vocabulary);
        }
        catch (TokenizerException error)
        {
            throw new UnsupportedModelException($"{file.Path}: {error.Message}");
        }
        catch (VocabularyException error)
        {
            string key = error.Key.StartsWith("tokenizer.", StringComparison.Ordinal) ? error.Key : Prefix + error.Key;
            throw file.Metadata.WrongValue(key, error.Found, error.Expected);
        }
    }

    /// <summary>Reads the vocabulary of a file without interpreting it.</summary>
    /// <exception cref="ModelFormatException">A key has a value of the wrong type, or an impossible value.</exception>
    public static VocabularyData Read(GgufMetadata metadata) => new()
    {
        Model = metadata.GetString(Prefix + "model"),
        ModelName = ReadText(metadata, "general.name"),
        Architecture = ReadText(metadata, "general.architecture"),
        PreTokenizer = metadata.GetString(Prefix + "pre", ""),
        Tokens = metadata.FindStrings(Prefix + "tokens"),
        Scores = ReadScores(metadata),
        TokenTypes = ReadTokenTypes(metadata),
        Merges = metadata.FindStringSequence(Prefix + "merges"),
        SpecialTokens = ReadSpecialTokens(metadata),
        Flags = ReadFlags(metadata),
        CharsMap = metadata.GetBytes(Prefix + "precompiled_charsmap"),
    };

    private static string? ReadText(GgufMetadata metadata, string key) =>
        metadata.GetShape(key) is { Type: GgufValueType.String } ? metadata.GetString(key) : null;

    private static ReadOnlyMemory<float> ReadScores(GgufMetadata metadata)
    {
        const string Key = Prefix + "scores";
        if (metadata.GetShape(Key) is { Type: GgufValueType.Array, ElementType: GgufValueType.Int32 })
        {
            return Array.ConvertAll(metadata.GetInt32s(Key).ToArray(), static score => (float)score);
        }

        return metadata.GetSingles(Key);
    }

    private static ReadOnlyMemory<int> ReadTokenTypes(GgufMetadata metadata)
    {
        const string Key = Prefix + "token_type";
        return metadata.GetShape(Key) is null or { Type: GgufValueType.Array, ElementType: GgufValueType.Int32 }
            ? metadata.GetInt32s(Key)
            : throw metadata.WrongType(Key, "an array of Int32");
    }

    private static Dictionary<string, int> ReadSpecialTokens(GgufMetadata metadata)
    {
        var tokens = new Dictionary<string, int>();
        foreach (string key in metadata.Keys)
        {
            if (!key.StartsWith(Prefix, StringComparison.Ordinal) || !key.EndsWith(IdSuffix, StringComparison.Ordinal)
                || key.Length <= Prefix.Length + IdSuffix.Length)
            {
                continue;
            }

            // Converters write -1, also as an unsigned number, for a token that the vocabulary does not have.
            metadata.TryGetValue(key, out object? value);
            if (value is not (-1 or uint.MaxValue))
            {
                string name = key[Prefix.Length..^IdSuffix.Length];
                tokens[OtherNames.GetValueOrDefault(name, name)] = metadata.GetInt32(key);
            }
        }

        return tokens;
    }

    private static Dictionary<string, bool> ReadFlags(GgufMetadata metadata)
    {
        var flags = new Dictionary<string, bool>();
        foreach (string key in metadata.Keys)
        {
            if (key.StartsWith(Prefix, StringComparison.Ordinal) && metadata.GetShape(key) is { Type: GgufValueType.Bool })
            {
                flags[key[Prefix.Length..]] = metadata.GetBoolean(key);
            }
        }

        return flags;
    }
}

using System.Collections.Generic;
using System.IO;
using EdgeRuntime.Gguf;
using EdgeRuntime.HuggingFace;
using EdgeRuntime.Json;

namespace EdgeRuntime;

/// <summary>Reads the vocabulary of a model folder in Hugging Face's layout.</summary>
/// <param name="Data">The vocabulary, as a GGUF file of the model has it.</param>
/// <param name="Tokenizer">The tokenizer of the vocabulary.</param>
/// <param name="Templates">The sources of the chat templates by name; the first one is the default.</param>
internal sealed record HuggingFaceVocabulary(
    VocabularyData Data, Tokenizer Tokenizer, IReadOnlyList<(string Name, string Source)> Templates)
{
    private const string Default = "default";

    /// <summary>Reads a folder.</summary>
    /// <param name="folder">The path of the folder.</param>
    /// <param name="preTokenizer">The name of the pre-tokenizer, or null to find it.</param>
    /// <exception cref="ModelFormatException">A file is damaged, or the vocabulary contradicts itself.</exception>
    /// <exception cref="UnsupportedModelException">The tokenizer or a part of it is not supported.</exception>
    /// <exception cref="IOException">A file can't be read, or the folder has no tokenizer.</exception>
    public static HuggingFaceVocabulary Read(string folder, string? preTokenizer = null)
    {
        TokenizerFiles files = TokenizerFiles.Read(folder);
        TokenizerDescription description = TokenizerReader.Read(files);
        string path = files.Main.Exists ? files.Main.File : files.SentencePieceModel!;
        try
        {
            VocabularyData data = ToData(files, description);
            (data, Tokenizer tokenizer) = Choose(path, data, description, preTokenizer);
            return new HuggingFaceVocabulary(data, tokenizer, ChatTemplates.Read(files));
        }
        catch (TokenizerException error)
        {
            throw new UnsupportedModelException($"{path}: {error.Message}");
        }
        catch (VocabularyException error)
        {
            throw new ModelFormatException(path, -1, error.Message);
        }
    }

    /// <summary>Reads the source of the default chat template; null if the folder has none.</summary>
    /// <exception cref="ModelFormatException">A file is damaged.</exception>
    public static string? ReadTemplate(string folder)
    {
        IReadOnlyList<(string Name, string Source)> templates = ChatTemplates.Read(TokenizerFiles.Read(folder));
        foreach ((string name, string source) in templates)
        {
            if (name == ChatTemplates.Default)
            {
                return source;
            }
        }

        return null;
    }

    private static VocabularyData ToData(TokenizerFiles files, TokenizerDescription description)
    {
        SpecialTokens special = SpecialTokens.Read(files, description.Types.Length);
        var flags = new Dictionary<string, bool>(description.Flags);
        foreach ((string key, bool flag) in special.Flags)
        {
            flags[key] = flag;
        }

        // A GGUF file names the unknown token wherever its tokenizer needs one.
        if (description is { Unknown: int unknown, Model: not "gpt2" })
        {
            special.Ids.TryAdd("unknown", unknown);
        }

        if (files.Settings["add_prefix_space"].FindFlag() is { } prefix && description.Model is "llama" or "gpt2")
        {
            flags.TryAdd("add_space_prefix", prefix);
        }

        return new VocabularyData
        {
            Model = description.Model,
            PreTokenizer = Default,
            Tokens = GgufStrings.Of(description.Pieces),
            Scores = description.Scores,
            TokenTypes = description.Types,
            Merges = GgufStringSequence.Of(description.Merges),
            SpecialTokens = special.Ids,
            Flags = flags,
            CharsMap = description.CharsMap,
            Stripping = ReadStripping(files),
        };
    }

    private static Dictionary<int, TokenAttributes> ReadStripping(TokenizerFiles files)
    {
        var stripping = new Dictionary<int, TokenAttributes>();
        foreach (JsonField token in files.Main["added_tokens"].Elements())
        {
            TokenAttributes attributes = (token["lstrip"].GetFlag(false) ? TokenAttributes.StripsLeft : TokenAttributes.None)
                | (token["rstrip"].GetFlag(false) ? TokenAttributes.StripsRight : TokenAttributes.None);
            if (attributes != TokenAttributes.None)
            {
                stripping[token["id"].GetCount(PieceList.MaxTokens - 1)] = attributes;
            }
        }

        return stripping;
    }

    /// <summary>Finds the pre-tokenizer of a byte-level BPE and creates the tokenizer.</summary>
    private static (VocabularyData Data, Tokenizer Tokenizer) Choose(
        string path, VocabularyData data, TokenizerDescription description, string? preTokenizer)
    {
        if (preTokenizer is not null)
        {
            _ = PreTokenizers.Find(preTokenizer); // refuses an unknown name, whatever the kind of vocabulary
            return Create(data with { PreTokenizer = preTokenizer });
        }

        if (data.Model == "bert")
        {
            (data, Tokenizer words) = Create(data);
            return (data with { PreTokenizer = PreTokenizerFingerprints.Find(words) ?? Default }, words);
        }

        if (data.Model != "gpt2")
        {
            return Create(data);
        }

        if (PreTokenizerForms.Find(description.Steps, description.IgnoresMerges) is { } name)
        {
            (data, Tokenizer tokenizer) = Create(data with { PreTokenizer = name });
            return PreTokenizerFingerprints.Find(tokenizer) is { } known && known != name
                ? Create(data with { PreTokenizer = known })
                : (data, tokenizer);
        }

        return ChooseByFingerprint(data) ?? throw new UnsupportedModelException(
            $"{path}: no pre-tokenizer has the steps {PreTokenizerForms.Describe(description.Steps)}; if one of these fits, choose "
            + $"it with the option PreTokenizer: {PreTokenizers.ListNames()}");
    }

    // A known vocabulary is recognized by its tokens for a test text, however its file describes the pre-tokenizer.
    private static (VocabularyData Data, Tokenizer Tokenizer)? ChooseByFingerprint(VocabularyData data)
    {
        foreach (PreTokenizer candidate in PreTokenizers.All)
        {
            if (candidate.Spelling != PieceSpelling.ByteLevel)
            {
                continue;
            }

            (VocabularyData named, Tokenizer tokenizer) = Create(data with { PreTokenizer = candidate.Names[0] });
            if (PreTokenizerFingerprints.Find(tokenizer) is { } known && PreTokenizers.Find(known) == candidate)
            {
                return (named with { PreTokenizer = known }, tokenizer);
            }
        }

        return null;
    }

    private static (VocabularyData Data, Tokenizer Tokenizer) Create(VocabularyData data) => (data, Tokenizer.Create(data));
}

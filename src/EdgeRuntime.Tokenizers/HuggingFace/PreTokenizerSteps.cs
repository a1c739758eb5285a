using System;
using System.Collections.Generic;
using EdgeRuntime.Json;

namespace EdgeRuntime.HuggingFace;

/// <summary>
/// Reads the <c>pre_tokenizer</c> of a <c>tokenizer.json</c> as steps: regular expressions whose matches and gaps are pieces, and the names
/// of other steps. Steps that are written differently but do the same have the same text.
/// </summary>
internal static class PreTokenizerSteps
{
    /// <summary>The expression of the step <c>ByteLevel</c>.</summary>
    public const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <summary>English contractions in any case.</summary>
    public const string English = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";

    /// <summary>The step that splits at punctuation.</summary>
    public const string Punctuation = "Punctuation";

    /// <summary>The step that splits a SentencePiece text into words.</summary>
    public const string Metaspace = "Metaspace";

    /// <summary>The step that removes white space.</summary>
    public const string WhitespaceSplit = "WhitespaceSplit";

    /// <summary>The steps of BERT.</summary>
    public const string Bert = "BertPreTokenizer";

    private const int MaxDepth = 8;

    /// <summary>Reads the steps.</summary>
    /// <param name="field">The value of <c>pre_tokenizer</c>.</param>
    /// <param name="isByteLevel">Whether the steps convert the text to the alphabet of bytes.</param>
    /// <exception cref="ModelFormatException">The value is damaged.</exception>
    public static IReadOnlyList<string> Read(JsonField field, out bool isByteLevel)
    {
        var steps = new List<string>();
        isByteLevel = false;
        Add(field, steps, ref isByteLevel, 0);
        return steps;
    }

    /// <summary>Gets an expression in the spelling that is compared.</summary>
    public static string Normalize(string expression) => expression
        .Replace("\r", @"\r", StringComparison.Ordinal)
        .Replace("\n", @"\n", StringComparison.Ordinal)
        .Replace("\t", @"\t", StringComparison.Ordinal)
        .Replace("(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])", English, StringComparison.Ordinal)
        .Replace("'(?i:[sdmt]|ll|ve|re)", English, StringComparison.Ordinal);

    private static void Add(JsonField field, List<string> steps, ref bool isByteLevel, int depth)
    {
        if (!field.Exists)
        {
            return;
        }

        string type = field["type"].GetText();
        switch (type)
        {
            case "Sequence" when depth < MaxDepth:
                foreach (JsonField step in field["pretokenizers"].Elements())
                {
                    Add(step, steps, ref isByteLevel, depth + 1);
                }

                break;
            case "ByteLevel" when !field["add_prefix_space"].GetFlag(true):
                isByteLevel = true;
                if (field["use_regex"].GetFlag(true))
                {
                    steps.Add(Gpt2);
                }

                break;
            case "ByteLevel":
                isByteLevel = true;
                steps.Add("ByteLevel with add_prefix_space");
                break;
            case "Digits":
                steps.Add(field["individual_digits"].GetFlag(false) ? @"\p{N}" : @"\p{N}+");
                break;
            case "Split":
                steps.Add(ReadSplit(field));
                break;
            default:
                steps.Add(type);
                break;
        }
    }

    private static string ReadSplit(JsonField field)
    {
        string behavior = field["behavior"].GetText();
        bool inverts = field["invert"].GetFlag(false);
        JsonField expression = field["pattern"]["Regex"];
        string text = expression.Exists ? Normalize(expression.GetText()) : $"'{field["pattern"]["String"].GetText()}'";

        // An expression that matches everything has no gaps to remove.
        bool isPlain = expression.Exists && ((behavior == "Isolated" && !inverts) || (behavior == "Removed" && inverts));
        return isPlain ? text : $"Split {behavior}{(inverts ? " inverted" : "")} {text}";
    }
}

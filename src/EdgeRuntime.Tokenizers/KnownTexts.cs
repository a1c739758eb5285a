using System;
using System.Buffers;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Text;
using EdgeRuntime.Gguf;

namespace EdgeRuntime;

/// <summary>
/// Recognizes tokens by their text, because many files do not describe them. The lists and exceptions are those of llama.cpp v0.5.0
/// (<c>llama-vocab.cpp</c>), so that answers end at the same tokens.
/// </summary>
internal static class KnownTexts
{
    /// <summary>The texts of tokens that end an answer.</summary>
    public static readonly string[] EndOfGeneration =
    [
        "<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|flush|>", "<|calls|>", "<end_of_turn>", "<|endoftext|>",
        "</s>", "<|eom_id|>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]", "<|end_of_text|>", "<end_of_utterance>", "<eos>", "<turn|>",
        "<|tool_response>", "<｜end▁of▁sentence｜>", "[e~[",
    ];

    /// <summary>
    /// The fill-in-the-middle marks that end an answer, by the key that may name them. For each key only the first text that is found
    /// counts.
    /// </summary>
    public static readonly (string Key, string[] Texts)[] FillEnds =
    [
        ("fim_pad", ["<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]"]),
        ("fim_rep", ["<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>"]),
        ("fim_sep", ["<|file_sep|>"]),
    ];

    /// <summary>The fill-in-the-middle marks around the gap. They are control tokens, whatever the file says.</summary>
    public static readonly (string Key, string[] Texts)[] FillMarks =
    [
        (
            "fim_pre",
            ["<|fim_prefix|>", "<fim-prefix>", "<fim_prefix>", "<｜fim▁begin｜>", "<PRE>", "▁<PRE>", "<|code_prefix|>", "<|prefix|>"]),
        ("fim_suf", ["<|fim_suffix|>", "<fim-suffix>", "<fim_suffix>", "<｜fim▁hole｜>", "<SUF>", "▁<SUF>", "<|code_suffix|>", "<|suffix|>"]),
        ("fim_mid", ["<|fim_middle|>", "<fim-middle>", "<fim_middle>", "<｜fim▁end｜>", "<MID>", "▁<MID>", "<|code_middle|>", "<|middle|>"]),
    ];

    /// <summary>The marks of a channel, which are always shown.</summary>
    public static readonly string[] AlwaysShown = ["<|channel|>", "<|message|>", "<|start|>", "<|constrain|>"];

    private const int MaxBytes = 64;

    private static readonly HashSet<string> All =
    [
        .. EndOfGeneration, .. AlwaysShown, .. FillEnds.Concat(FillMarks).SelectMany(static fill => fill.Texts),
    ];

    private static readonly SearchValues<byte> Ends = SearchValues.Create([.. All.Select(static text => (byte)text[^1])]);

    /// <summary>Finds the tokens with known texts. Of equal tokens the last one is found.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Dictionary<string, int> Find(GgufStrings tokens)
    {
        var found = new Dictionary<string, int>();
        for (int token = 0; token < tokens.Count; token++)
        {
            // The known texts end with a bracket; few other tokens do.
            ReadOnlySpan<byte> text = tokens[token];
            if (text.Length is > 0 and <= MaxBytes && Ends.Contains(text[^1]))
            {
                string known = Encoding.UTF8.GetString(text);
                if (All.Contains(known))
                {
                    found[known] = token;
                }
            }
        }

        return found;
    }

    /// <summary>Marks the tokens that end an answer and corrects the attributes of tokens with known texts.</summary>
    /// <param name="ids">The token ids by text.</param>
    /// <param name="named">The special token ids by key.</param>
    /// <param name="attributes">[tokens]; modified.</param>
    public static void Apply(IReadOnlyDictionary<string, int> ids, IReadOnlyDictionary<string, int> named, TokenAttributes[] attributes)
    {
        foreach ((string key, string[] texts) in FillMarks)
        {
            _ = FindMark(key, texts, ids, named, attributes);
        }

        foreach ((string key, string[] texts) in FillEnds)
        {
            if (FindMark(key, texts, ids, named, attributes) is int mark)
            {
                attributes[mark] |= TokenAttributes.EndsGeneration;
            }
        }

        foreach (string text in EndOfGeneration)
        {
            if (ids.TryGetValue(text, out int id))
            {
                attributes[id] |= TokenAttributes.EndsGeneration | TokenAttributes.Control;
            }
        }

        foreach (string text in AlwaysShown)
        {
            if (ids.TryGetValue(text, out int id))
            {
                attributes[id] = TokenAttributes.UserDefined | (attributes[id] & TokenAttributes.EndsGeneration);
            }
        }

        foreach (string key in (ReadOnlySpan<string>)["eos", "eot", "eom"])
        {
            if (named.TryGetValue(key, out int id))
            {
                attributes[id] |= TokenAttributes.EndsGeneration;
            }
        }

        ApplyExceptions(ids, attributes);
    }

    private static int? FindMark(
        string key,
        string[] texts,
        IReadOnlyDictionary<string, int> ids,
        IReadOnlyDictionary<string, int> named,
        TokenAttributes[] attributes)
    {
        if (named.TryGetValue(key, out int id))
        {
            return id;
        }

        foreach (string text in texts)
        {
            if (ids.TryGetValue(text, out id))
            {
                attributes[id] |= TokenAttributes.Control;
                return id;
            }
        }

        return null;
    }

    private static void ApplyExceptions(IReadOnlyDictionary<string, int> ids, TokenAttributes[] attributes)
    {
        bool Ends(string text) => ids.TryGetValue(text, out int id) && (attributes[id] & TokenAttributes.EndsGeneration) != 0;

        // If other texts end the answer, <|end|> only ends a channel of it.
        bool calls = Ends("<|call|>") || Ends("<|calls|>");
        if (calls && (Ends("<|return|>") || Ends("<|flush|>")) && Ends("<|end|>"))
        {
            attributes[ids["<|end|>"]] = TokenAttributes.UserDefined;
        }

        // Gemma 4 has an HTML tag with this text.
        if (Ends("<|tool_response>") && Ends("</s>"))
        {
            attributes[ids["</s>"]] = TokenAttributes.Normal;
        }
    }
}

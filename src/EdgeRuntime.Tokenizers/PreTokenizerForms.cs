using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.HuggingFace;

namespace EdgeRuntime;

/// <summary>
/// Lists how the <c>tokenizer.json</c> of published models spells the pre-tokenizers, as steps of <see cref="PreTokenizerSteps"/>.
/// Converting the pieces to the alphabet of bytes is no step of its own.
/// </summary>
internal static class PreTokenizerForms
{
    private const string English = PreTokenizerSteps.English;
    private const string Gpt2 = PreTokenizerSteps.Gpt2;
    private const string Newlines = @"\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Digit = @"\p{N}";
    private const string ThreeDigits = @"\p{N}{1,3}";

    private const string Llama3 =
        English + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|" + Newlines;

    private const string Qwen2 =
        English + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|" + Newlines;

    private const string Upper = @"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]";
    private const string Lower = @"[\p{Ll}\p{Lm}\p{Lo}\p{M}]";
    private const string Cased = @"[^\r\n\p{L}\p{N}]?" + Upper + "*" + Lower + "+";
    private const string Capitals = @"[^\r\n\p{L}\p{N}]?" + Upper + "+" + Lower + "*";
    private const string Marks = @" ?[^\s\p{L}\p{N}]+[\r\n/]*|" + Newlines;
    private const string Gpt4o = Cased + English + "?|" + Capitals + English + @"?|\p{N}{1,3}|" + Marks;

    private const string Kana = "[一-龥\u3040-\u309F\u30A0-\u30FF]+";
    private const string DeepSeekHan = "[一-龥\u0800-一가-\uD7FF]+";
    private const string DeepSeek3Words =
        @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+";

    private const string Bloom = @" ?[^(\s|[.,!?…。，、।۔،])]+";

    private static readonly (string[] Names, string[] Steps)[] All =
    [
        (["gpt-2"], [Gpt2]),
        (["llama-bpe", "smaug-bpe"], [Llama3]),
        (["qwen2"], [Qwen2]),
        (["qwen35"], [English + @"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|" + Newlines]),
        (["smollm"], [Digit, Gpt2]),
        (["tekken"], [Cased + "|" + Capitals + @"|\p{N}|" + Marks]),
        (["gpt-4o", "granite-embed-multi-97m"], [Gpt4o]),
        (["tiny_aya"], [@"\d{1,3}(?=(?:\d{3})*\b)", Gpt4o]),
        (["deepseek-v3"], [ThreeDigits, Kana, DeepSeek3Words + @"[\r\n]*|" + Newlines]),
        (["spark2_5"], [ThreeDigits, Kana, DeepSeek3Words + @"|[\r\n]|\s+(?!\S)|\s+", Digit]),
        (["deepseek-coder"], [@"[\r\n]", @"\s?\p{L}+", @"\s?\p{P}+", DeepSeekHan, Digit]),
        (["falcon"], [$"{PreTokenizerSteps.Punctuation}", Gpt2, @"\p{N}+", "[0-9][0-9][0-9]"]),
        (["falcon"], [$"{PreTokenizerSteps.Punctuation}", Gpt2, "[0-9][0-9][0-9]"]),
        (["bloom"], [Bloom]),
        (["viking"], [Bloom, Digit]),
        (
            ["jais-2"],
            [
                English + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
                + @"|\s{512}(?!\S)|\s{256}(?!\S)|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)|\s{16}(?!\S)|\s{8}(?!\S)|\s{4}(?!\S)"
                + @"|\s{1,2}(?!\S)|\s{1}",
            ]),
        (["bailingmoe"], [English + @"|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"]),
        (["seed-coder"], [English + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|" + Newlines]),
        (["ufakzeka"], [@"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|" + Newlines]),
        (["laguna"], [@"[^\n]+|[\n]+", Qwen2]),
        (
            ["exaone-moe"],
            [
                English + @"|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}"
                + @"| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+",
            ]),
        (["minicpm5"], [ThreeDigits, English + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}+| ?[^\s\p{L}\p{N}]+[\r\n]*|" + Newlines]),
    ];

    /// <summary>Finds the pre-tokenizer of a file.</summary>
    /// <param name="steps">The steps of the file.</param>
    /// <param name="ignoresMerges">Whether a word that is a piece becomes that token without merging.</param>
    /// <returns>The name; null if no pre-tokenizer has these steps.</returns>
    public static string? Find(IReadOnlyList<string> steps, bool ignoresMerges)
    {
        string[] names = [.. All.Where(form => form.Steps.SequenceEqual(steps)).SelectMany(static form => form.Names)];
        return names.FirstOrDefault(name => PreTokenizers.Find(name).IgnoresMerges == ignoresMerges) ?? names.FirstOrDefault();
    }

    /// <summary>Finds the steps of a pre-tokenizer, for writing a file; null if they are not known.</summary>
    public static IReadOnlyList<string>? FindSteps(string? name)
    {
        PreTokenizer wanted = PreTokenizers.Find(name);
        return All.FirstOrDefault(form => form.Names.Any(known => PreTokenizers.Find(known) == wanted)).Steps;
    }

    /// <summary>Describes the steps of a file in one short line.</summary>
    public static string Describe(IReadOnlyList<string> steps) =>
        steps.Count == 0 ? "none" : string.Join(", then ", steps.Take(4).Select(static step => $"\"{Printable.Shorten(step)}\""));
}

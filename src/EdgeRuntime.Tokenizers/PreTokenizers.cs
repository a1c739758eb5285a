using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime;

/// <summary>
/// Lists the pre-tokenizers by their names in files. Source of the names, expressions and flags: llama.cpp v0.5.0, <c>llama-vocab.cpp</c>.
/// The expressions are adapted to .NET.
/// </summary>
internal static class PreTokenizers
{
    private const string EnglishSuffix = @"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])";
    private const string Newlines = @"\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)";

    private const string Llama3 =
        EnglishSuffix + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|" + Newlines;

    private const string Jais2 =
        EnglishSuffix + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
        + @"|\s{512}(?!\S)|\s{256}(?!\S)|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)|\s{16}(?!\S)|\s{8}(?!\S)|\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1}";

    private const string Qwen2 =
        EnglishSuffix + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|" + Newlines;

    private const string Qwen35 =
        EnglishSuffix + @"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|" + Newlines;

    // Like the reference, this distinguishes case for ASCII letters only.
    private const string Tekken =
        @"[^\r\n\p{L}\p{N}]?[\p{L}-[a-z]]*[\p{L}-[A-Z]]+|[^\r\n\p{L}\p{N}]?[\p{L}-[a-z]]+[\p{L}-[A-Z]]*"
        + @"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|" + Newlines;

    private const string Gpt4o =
        @"[^\r\n\p{L}\p{N}]?[\p{L}-[a-z]]*[\p{L}-[A-Z]]+" + EnglishSuffix + @"?|[^\r\n\p{L}\p{N}]?[\p{L}-[a-z]]+[\p{L}-[A-Z]]*"
        + EnglishSuffix + @"?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|" + Newlines;

    private const string GraniteEmbedding =
        @"[^\r\n\p{L}\p{N}]?[\p{L}\p{M}-[a-z]]*[\p{L}\p{M}-[A-Z]]+" + EnglishSuffix
        + @"?|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}-[a-z]]+[\p{L}\p{M}-[A-Z]]*" + EnglishSuffix
        + @"?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|" + Newlines;

    private const string Youtu =
        @"[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+" + EnglishSuffix + @"?|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|" + Newlines;

    private const string TinyAya =
        @"[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+" + EnglishSuffix + @"?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|" + Newlines;

    private const string Han = @"\u4E00-\u9FFF\u3400-\u4DBF\uF900-\uFAFF" + CategoryText.Han;

    private const string KimiK2 =
        "[" + Han + @"]+|[^\r\n\p{L}\p{N}]?[\p{L}-[" + Han + "]]+" + EnglishSuffix + @"?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|" + Newlines;

    // The third range starts where the reference has it, at the character that U+F900 is canonically equivalent to.
    private const string AfmoeAsian =
        @"[\u4E00-\u9FFF\u3400-\u4DBF\u8C48-\uFAFF\u3040-\u309F\u30A0-\u30FF\uFF65-\uFF9F\u2F00-\u2FDF\u0E40-\u0E7F\u0E80-\u0EFF"
        + @"\u1780-\u17FF\u1000-\u109F\uAA60-\uAA7F\uA9E0-\uA9FF\uAC00-\uD7AF\u1100-\u11FF]+";

    private const string Lines = @"[^\n]+|\n+";

    private const string Bloom = @" ?[^(\s|.,!?…。，、।۔،)]+";

    private const string DeepSeekHan = "[一-龥\u0800-一가-\uD7FF]+";
    private const string DeepSeek3Kana = "[一-龥\u3040-\u309F\u30A0-\u30FF]+";
    private const string DeepSeek3Words =
        @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+";

    // All cased alphabets. Letters above U+FFFF are represented by one of these (CategoryText).
    private const string DeepSeekCased =
        @"\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚ"
        + @"Ḁ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-\u1F7Dᾀ-ᾴᾶ-ᾼ\u1FBEῂ-ῄῆ-ῌῐ-\u1FD3ῖ-\u1FDBῠ-Ῥῲ-ῴῶ-ῼ"
        + "ℂℇℊ-ℓℕℙ-ℝℤ\u2126ℨ\u212A-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ]+";

    // The look-behind starts a match only at the first space of a run. Matching from every space would be quadratic in the length of the
    // run.
    private const string TrailingSpaces = @"(?<!\s)\s+\z";

    /// <summary>The pre-tokenizer for files that do not name one.</summary>
    public static readonly PreTokenizer Default = new(
        ["default"], @"[\p{P}\$\+<=>\^~\|]+", Gpt2, @"\p{N}+", "[0-9][0-9][0-9]");

    /// <summary>
    /// The pre-tokenizer of Gemma 4, which splits into lines instead of words; the vocabulary has pieces with spaces inside.
    /// </summary>
    public static readonly PreTokenizer Gemma4 = new(["gemma4", "granite-embed-multi-311m"], Lines)
    {
        Spelling = PieceSpelling.Sentence,
        TakesLineBreaksWhole = true,
        ForcesBegin = true,
    };

    /// <summary>All pre-tokenizers.</summary>
    public static readonly IReadOnlyList<PreTokenizer> All =
    [
        Default,
        new(
            [
                "gpt-2", "phi-2", "jina-es", "jina-de", "jina-v2-es", "jina-v2-de", "jina-v1-en", "jina-v2-code", "roberta-bpe",
                "modern-bert", "gigachat", "a.x-4.0", "mellum", "exaone4", "mpt", "olmo", "jais",
            ],
            Gpt2),
        new(["trillion", "granite-docling"], Gpt2) { TidiesSpaces = false },
        new(["llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2", "jina-v5-nano"], Llama3)
        {
            IgnoresMerges = true,
            AddsBegin = true,
        },
        new(["dbrx", "smaug-bpe", "glm4", "chatglm-bpe"], Llama3),
        new(["jais-2"], Jais2),
        new(["qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "hunyuan", "solar-open", "grok-2"], Qwen2) { TidiesSpaces = false },
        new(["stablelm2", "megrez"], Qwen2),
        new(["qwen35"], Qwen35) { TidiesSpaces = false },
        new(["smollm", "command-r"], @"\p{N}", Gpt2) { TidiesSpaces = false },
        new(["starcoder", "refact", "codeshell", "exaone", "minerva-7b", "mellum2"], @"\p{N}", Gpt2),
        new(["falcon"], @"[\p{P}\$\+<=>\^~\|`]+", Gpt2, "[0-9][0-9][0-9]"),
        new(
            ["deepseek-llm"],
            @"[\r\n]", DeepSeekCased, @"\s?[!-/:-~！-／：-～‘-‟\u3000-。]+", TrailingSpaces, DeepSeekHan, @"\p{N}+") { TidiesSpaces = false },
        new(["deepseek-coder"], @"[\r\n]", @"\s?\p{L}+", @"\s?\p{P}+", DeepSeekHan, @"\p{N}") { TidiesSpaces = false },
        new(["deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"], @"\p{N}{1,3}", DeepSeek3Kana, DeepSeek3Words + @"[\r\n]*|" + Newlines)
        {
            TidiesSpaces = false,
        },
        new(["spark2_5"], @"\p{N}{1,3}", DeepSeek3Kana, DeepSeek3Words + @"|[\r\n]|\s+(?!\S)|\s+", @"\p{N}") { TidiesSpaces = false },
        new(["youtu"], @"[가-힣ㄱ-ㆎ]+|[！…“”‘’—：；，、-〿︰-﹏]+|[ㄅ-ㄯ]+|[一-龥\u3040-\u309F\u30A0-\u30FF]+", Youtu)
        {
            IgnoresMerges = true,
            TidiesSpaces = false,
        },
        new(["tekken"], Tekken) { IgnoresMerges = true, AddsBegin = true, TidiesSpaces = false },
        new(["gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"], Gpt4o) { TidiesSpaces = false },
        new(["granite-embed-multi-97m"], GraniteEmbedding) { IgnoresMerges = true, TidiesSpaces = false },
        new(["bloom", "gpt3-finnish"], Bloom),
        new(["poro-chat"], Bloom) { TidiesSpaces = false },
        new(["viking"], Bloom, @"\p{N}") { TidiesSpaces = false },
        new(
            ["chameleon"],
            "<sentinel:[0-9]+>", "IMGIMG[A-I]{1,4}Z", @"[\t\n]|    |  ", @"\p{N}", @"[\p{P}!-/:-@\[-`{-~]", Gpt2)
        {
            AddsBegin = true,
            TidiesSpaces = false,
        },
        new(
            ["bailingmoe", "bailingmoe2", "llada-moe"],
            @"'(?:[sSdDmMtT]|[lL][lL]|[vV][eE]|[rR][eE])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+")
        {
            TidiesSpaces = false,
        },
        new(["seed-coder"], EnglishSuffix + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}\r\n]+|" + Newlines) { TidiesSpaces = false },
        new(["ufakzeka"], @"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|" + Newlines) { TidiesSpaces = false },
        new(["laguna"], Lines, Qwen2) { TidiesSpaces = false },
        new(
            ["exaone-moe"],
            EnglishSuffix + @"|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}"
            + @"| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+"),
        new(["minicpm5"], @"\p{N}{1,3}", EnglishSuffix + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}+| ?[^\s\p{L}\p{N}]+[\r\n]*|" + Newlines)
        {
            IgnoresMerges = true,
        },
        new(["kimi-k2"], KimiK2) { TidiesSpaces = false },
        new(["tiny_aya", "cohere2moe"], (CutPiece)DigitGroups.CutBehindGroups, TinyAya) { TidiesSpaces = false },
        new(["afmoe"], (CutPiece)DigitGroups.CutBehindGroups, AfmoeAsian, DeepSeek3Words + @"[\r\n]*|" + Newlines) { TidiesSpaces = false },
        new(["superbpe"], @"\p{N}+", (CutPiece)DigitGroups.CutBeforeGroups) { TidiesSpaces = false },
        new(["whitespace"], @"\S+") { Spelling = PieceSpelling.Plain },
        new(["sarvam-moe"], Lines) { Spelling = PieceSpelling.Sentence, TidiesSpaces = false },
        Gemma4,
    ];

    /// <summary>Finds a pre-tokenizer by name.</summary>
    /// <param name="name">The name; null or empty for the default.</param>
    /// <exception cref="TokenizerException">There is no pre-tokenizer of that name.</exception>
    public static PreTokenizer Find(string? name)
    {
        if (string.IsNullOrEmpty(name))
        {
            return Default;
        }

        return All.FirstOrDefault(candidate => candidate.Names.Contains(name))
            ?? throw new TokenizerException(
                $"pre-tokenizer \"{name}\" is not supported; if another one fits, choose it with the option PreTokenizer: {ListNames()}");
    }

    /// <summary>Gets the names of all pre-tokenizers, for messages.</summary>
    public static string ListNames() => string.Join(", ", All.SelectMany(known => known.Names));
}

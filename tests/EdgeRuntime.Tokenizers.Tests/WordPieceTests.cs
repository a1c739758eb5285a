using System.Collections.Generic;
using System.Linq;
using Xunit;
using static EdgeRuntime.Tokenizers.Tests.VocabularyBuilder;

namespace EdgeRuntime.Tokenizers.Tests;

/// <summary>WordPiece on a small vocabulary: normalization, words, unknown words and offsets.</summary>
public sealed class WordPieceTests
{
    private static readonly string[] Texts =
    [
        "[UNK]", "[CLS]", "[SEP]", "[MASK]", "▁cafe", "▁un", "ab", "le", "▁!", "▁中", "▁İ", "▁i", "▁a", "x", "▁Café", "é",
    ];

    [Theory]
    [InlineData("CAFÉ cafe\u0301", " cafe| cafe")]
    [InlineData("unable!", " un|ab|le| !")]
    [InlineData("cafe中cafe", " cafe| 中| cafe")]
    [InlineData("un\0ab\uFFFDle", " un|ab|le")]
    [InlineData("unzz cafe", "[UNK]| cafe")]
    [InlineData(" \t\u3000\n", "")]
    [InlineData("İ", " i")]
    public void Encode_Text_NormalizesAndTakesTheLongestPieces(string text, string pieces) =>
        Assert.Equal(pieces, Join(Create(), text));

    [Theory]
    [InlineData(true, true, "Café CAFE", " cafe| cafe")]
    [InlineData(false, false, "Café cafe", " Café| cafe")]
    [InlineData(true, false, "cafe\u0301", "[UNK]")]
    [InlineData(false, true, "café CAFE", " cafe|[UNK]")]
    public void Encode_Flags_AreThoseOfTheFile(bool lowers, bool strips, string text, string pieces) =>
        Assert.Equal(pieces, Join(Create(("normalizer.lowercase", lowers), ("normalizer.strip_accents", strips)), text));

    [Fact]
    public void Encode_SpecialTokens_AreAddedWhateverTheFileSays() => Assert.Equal(
        [1, 12, 2], Create(("add_bos_token", false), ("add_eos_token", false), ("add_sep_token", false)).Encode("a"));

    [Fact]
    public void EncodeWithOffsets_OmittedCharacters_BelongToTheirNeighbors() => Assert.Equal(
        [0..0, 0..2, 2..6, 6..7, 7..10, 10..10],
        Create().EncodeWithOffsets("un  ab!\0x ").Select(token => token.Range));

    private static string Join(Tokenizer tokenizer, string text) =>
        string.Join('|', tokenizer.Pieces(tokenizer.Encode(text, addSpecial: false)));

    private static Tokenizer Create(params (string Name, bool Value)[] flags) => Tokenizer.Create(new VocabularyData
    {
        Model = "bert",
        Tokens = Encode(Texts),
        TokenTypes = Texts.Select((_, token) => token < 4 ? Control : Normal).ToArray(),
        SpecialTokens = new Dictionary<string, int> { ["unknown"] = 0, ["bos"] = 1, ["separator"] = 2, ["mask"] = 3 },
        Flags = flags.ToDictionary(flag => flag.Name, flag => flag.Value),
    });
}

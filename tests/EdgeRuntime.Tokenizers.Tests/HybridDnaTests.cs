using System;
using System.Linq;
using Xunit;
using static EdgeRuntime.Tokenizers.Tests.VocabularyBuilder;

namespace EdgeRuntime.Tokenizers.Tests;

/// <summary>DNA in groups of six bases inside of ordinary text.</summary>
public sealed class HybridDnaTests
{
    [Theory]
    [InlineData("a<dna>ACGTACccccccAC</dna>b", "a|<dna>|ACGTAC|CCCCCC|ACAAAA|</dna>|b")]
    [InlineData("<dna>ACGTAN</dna><dna>AC", "<dna>|<oov>|</dna>|<dna>|ACAAAA")]
    [InlineData("<dna></dna>CCCCCC", "<dna>|</dna>|C|C|C|C|C|C")]
    public void Encode_TextWithDna_HasGroupsOfSix(string text, string pieces)
    {
        Tokenizer tokenizer = Create();
        Assert.Equal(pieces, string.Join('|', tokenizer.Pieces(tokenizer.Encode(text, addSpecial: false))));
    }

    [Fact]
    public void EncodeWithOffsets_TextWithDna_CoversTheText() =>
        Assert.Equal(
            [0..1, 1..6, 6..12, 12..14, 14..20, 20..21],
            Create().EncodeWithOffsets("a<dna>ACGTACAC</dna>b", addSpecial: false).Select(token => token.Range));

    [Fact]
    public void Decode_Groups_GivesTheBases()
    {
        Tokenizer tokenizer = Create();
        Assert.Equal("ACGTACCCCCCC", tokenizer.Decode(tokenizer.Encode("<dna>ACGTACCCCCCC", addSpecial: false).AsSpan(1)));
    }

    private static Tokenizer Create()
    {
        VocabularyData bases = ByteLevel(
            [],
            ("<dna>", Normal),
            ("</dna>", Normal),
            ("<oov>", Normal),
            ("ACGTAC\uE000", Normal),
            ("CCCCCC\uE000", Normal),
            ("ACAAAA\uE000", Normal));
        return Tokenizer.Create(bases with { Model = "hybriddna" });
    }
}

using System;
using System.Linq;
using Xunit;
using static EdgeRuntime.Tokenizers.Tests.VocabularyBuilder;

namespace EdgeRuntime.Tokenizers.Tests;

/// <summary>RWKV and PLaMo 2 on small vocabularies.</summary>
public sealed class TriePieceTests
{
    [Fact]
    public void Encode_Rwkv_TakesTheLongestPieceFromTheLeft()
    {
        Tokenizer tokenizer = CreateRwkv();
        Assert.Equal(["ab", "abc", "\n", "\\"], tokenizer.Pieces(tokenizer.Encode("ababc\n\\")));
        Assert.Equal("ab👍", tokenizer.Decode([.. tokenizer.Encode("ab👍")]));
        Assert.Equal([0..1, 1..3, 1..3, 1..3], tokenizer.EncodeWithOffsets("a👍").Select(token => token.Range));
    }

    [Fact]
    public void Encode_RwkvControlTokenInData_IsPlainText()
    {
        Tokenizer tokenizer = CreateRwkv();
        Assert.Equal([0], tokenizer.Encode("<s>", parseSpecial: true));
        Assert.Equal(3, tokenizer.CountTokens("<s>"));
    }

    [Fact]
    public void Encode_Plamo_TakesTheHighestSumAndTheLongestFirstPiece()
    {
        Tokenizer tokenizer = CreatePlamo(("ab", -3), ("a", -1), ("b", -2), ("bc", -1), ("c", -2), (" a", -2), ("é", -5));
        Assert.Equal(["ab", "a", "bc", " a"], tokenizer.Pieces(tokenizer.Encode("ababc a")));
        Assert.Equal("é中", tokenizer.Decode([.. tokenizer.Encode("é中")]));
        Assert.Equal(4, tokenizer.CountTokens("é中"));
        Assert.Equal([0..2], tokenizer.EncodeWithOffsets("\uFEFFa").Select(token => token.Range));
    }

    [Fact]
    public void Create_PlamoWithoutAByteToken_IsRefused()
    {
        VocabularyData data = Plamo([]);
        int[] types = data.TokenTypes.ToArray();
        types[9] = Normal;
        var error = Assert.Throws<VocabularyException>(() => Tokenizer.Create(data with { TokenTypes = types }));
        Assert.Contains("<0x05>", error.Message, StringComparison.Ordinal);
    }

    private static Tokenizer CreateRwkv()
    {
        string[] texts =
            ["<s>", .. Enumerable.Range(0, 256).Select(value => $"\\x{value:x2}"), "ab", "abc", "\\n\\n", "\\\\\\\\", "\\xf0\\x9f"];
        return Tokenizer.Create(new VocabularyData
        {
            Model = "rwkv",
            Tokens = VocabularyBuilder.Encode(texts),
            TokenTypes = texts.Select((_, token) => token == 0 ? Control : Normal).ToArray(),
        });
    }

    private static Tokenizer CreatePlamo(params (string Text, float Score)[] pieces) => Tokenizer.Create(Plamo(pieces));

    private static VocabularyData Plamo((string Text, float Score)[] pieces)
    {
        (string Text, int Type, float Score)[] all =
        [
            ("<unk>", Unknown, 0), ("<bos>", Control, 0), ("<eos>", Control, 0), ("<pad>", Control, 0),
            .. Enumerable.Range(0, 256).Select(value => ($"<0x{value:X2}>", ByteToken, 0f)),
            .. pieces.Select(piece => (piece.Text, Normal, piece.Score)),
        ];
        return new VocabularyData
        {
            Model = "plamo2",
            Tokens = VocabularyBuilder.Encode(all.Select(piece => piece.Text)),
            TokenTypes = all.Select(piece => piece.Type).ToArray(),
            Scores = all.Select(piece => piece.Score).ToArray(),
        };
    }
}

using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Xunit;
using static EdgeRuntime.Tokenizers.Tests.VocabularyBuilder;

namespace EdgeRuntime.Tokenizers.Tests;

/// <summary>Vocabularies that contradict themselves or ask for what there is not, and the two merge rules on small ones.</summary>
public sealed class VocabularyTests
{
    [Fact]
    public void Create_UnknownModel_NamesWhatIsSupported()
    {
        var error = Assert.Throws<TokenizerException>(() => Tokenizer.Create(Sentence() with { Model = "sixth" }));
        Assert.StartsWith("tokenizer model \"sixth\" is not supported; supported are llama, gpt2, ", error.Message);
    }

    [Fact]
    public void Create_UnknownPreTokenizer_NamesWhatIsSupported()
    {
        var error = Assert.Throws<TokenizerException>(() => Tokenizer.Create(ByteLevel([]) with { PreTokenizer = "sixth" }));
        Assert.StartsWith("pre-tokenizer \"sixth\" is not supported; if another one fits, choose it with", error.Message);
        Assert.EndsWith("the option PreTokenizer: " + string.Join(", ", PreTokenizers.All.SelectMany(known => known.Names)), error.Message);
    }

    [Fact]
    public void Create_NoTokens_IsRefused() => Refuses("tokens", Sentence() with { Tokens = Pack() });

    [Fact]
    public void Create_ShortScores_IsRefused() => Refuses("scores", Sentence() with { Scores = new float[3] });

    [Fact]
    public void Create_ShortTypes_IsRefused() => Refuses("token_type", Sentence() with { TokenTypes = new int[] { 1, 1 } });

    [Fact]
    public void Create_ByteTokenWithoutHex_IsRefused() => Refuses("tokens", Sentence(("<0xZZ>", ByteToken)));

    [Fact]
    public void Create_DefaultEndPastTheTokens_IsRefused() =>
        Refuses("eos_token_id", new VocabularyData { Model = "llama", Tokens = VocabularyBuilder.Encode(["a", "b"]) });

    [Theory]
    [InlineData(-1)]
    [InlineData(1000)]
    public void Create_SpecialTokenPastTheTokens_IsRefused(int id) =>
        Refuses("padding_token_id", Sentence() with { SpecialTokens = new Dictionary<string, int> { ["padding"] = id } });

    [Fact]
    public void Create_BeginAddedButAbsent_IsRefused() =>
        Refuses("bos_token_id", ByteLevel([]) with { Flags = new Dictionary<string, bool> { ["add_bos_token"] = true } });

    [Theory]
    [InlineData("ab")]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData(" a")]
    [InlineData("a ")]
    public void Create_MergeWithoutTwoPieces_IsRefused(string merge) =>
        Refuses("merges", ByteLevel([]) with { Merges = Merges(merge) });

    [Fact]
    public void Create_TokenThatIsNotUtf8_KeepsItsBytes()
    {
        VocabularyData data = Sentence(("x", Normal));
        byte[][] tokens = [.. data.Tokens.Select(token => token.ToArray())];
        tokens[^1] = [0xC3, 0x28];
        Tokenizer tokenizer = Tokenizer.Create(data with { Tokens = Pack(tokens) });
        Assert.Equal([0xC3, 0x28], tokenizer.GetPieceBytes(tokens.Length - 1).ToArray());
        Assert.Equal("\uFFFD(", tokenizer.Decode([tokens.Length - 1]));
    }

    [Fact]
    public void Encode_ByteLevel_MergesInTheOrderOfTheList()
    {
        Tokenizer tokenizer = Tokenizer.Create(ByteLevel(["b c", "a b", "a bc"]));
        Assert.Equal(["abc", "ab", "bc"], tokenizer.Pieces(tokenizer.Encode("abcabbc")));
    }

    [Fact]
    public void Encode_EqualRanks_LeftmostMergesFirst() =>
        Assert.Equal(["aa", "aa", "a"], Encode(ByteLevel(["a a"]), "aaaaa"));

    [Fact]
    public void Encode_MergeListedTwice_HasItsFirstRank() =>
        Assert.Equal(["a", "bc"], Encode(ByteLevel(["b c", "a b", "b c"]), "abc"));

    [Fact]
    public void Encode_MergedPieceWithoutAToken_IsWrittenInBytes()
    {
        VocabularyData data = ByteLevel(["a b", "ab c"]) with { Merges = Merges("a b", "a x", "ax y", "ab c") };
        Assert.Equal(["a", "x", "y", "abc"], Encode(data, "axyabc"));
    }

    [Fact]
    public void Encode_MergedPieceIsAControlToken_IsWrittenInBytes()
    {
        VocabularyData data = ByteLevel([], ("ab", Control), ("abc", Normal)) with { Merges = Merges("a b", "ab c") };
        Assert.Equal(["a", "b", "abc"], Encode(data, "ababc"));
    }

    [Fact]
    public void Encode_EqualTokens_LastOneIsTaken()
    {
        VocabularyData data = ByteLevel(["a b", "ab c"], ("ab", Normal), ("abd", Normal));
        Assert.Equal([97, 96], Tokenizer.Create(data).Encode("ababc", addSpecial: false));
    }

    [Fact]
    public void Encode_MergeThatDividesALetterOfTheAlphabet_IsIgnored()
    {
        byte[][] merges = [[0xC4, (byte)' ', 0xA0, (byte)'a'], [.. "Ġ b"u8]];
        VocabularyData data = ByteLevel([], ("Ġa", Normal), ("Ġb", Normal)) with { Merges = Merges(merges) };
        Assert.Equal([" ", "a", " b"], Encode(data, " a b"));
    }

    [Fact]
    public void Encode_Sentence_MergesTheBestScoreFirst() =>
        Assert.Equal([" ", "a", "bc"], Encode(Sentence(("bc", Normal), ("ab", Normal), ("▁", Normal), ("a", Normal)), "abc"));

    [Fact]
    public void Encode_PieceWithASpaceInside_IsFoundAcrossWords() =>
        Assert.Equal([" a b"], Encode(Sentence(("▁a▁b", Normal), ("▁a", Normal), ("▁b", Normal), ("▁a▁", Normal)), "a b"));

    [Fact]
    public void Encode_WhatIsNoPiece_IsWrittenInBytes()
    {
        Tokenizer tokenizer = Tokenizer.Create(Sentence(("▁", Normal)));
        Assert.Equal([1, 259, 3 + 0xE4, 3 + 0xB8, 3 + 0xAD], tokenizer.Encode("中"));
        Assert.Equal("中", tokenizer.Decode([1, 259, 3 + 0xE4, 3 + 0xB8, 3 + 0xAD]));
    }

    [Theory]
    [InlineData(0xE4)]
    [InlineData(0xB8)]
    [InlineData(0xAD)]
    public void Encode_SpecialTokenThatIsAPartOfACharacter_IsNotFound(byte part)
    {
        VocabularyData data = Sentence(("▁", Normal), ("x", UserDefined));
        byte[][] tokens = [.. data.Tokens.Select(token => token.ToArray())];
        tokens[^1] = [part];
        Tokenizer tokenizer = Tokenizer.Create(data with { Tokens = Pack(tokens) });
        Assert.Equal([1, 259, 3 + 0xE4, 3 + 0xB8, 3 + 0xAD], tokenizer.Encode("中"));
    }

    [Fact]
    public void Encode_RandomMerges_EqualsTheNaiveDefinition()
    {
        const int Seed = 77;
        var random = new Random(Seed);
        for (int round = 0; round < 200; round++)
        {
            var pieces = new List<string> { "a", "b", "c" };
            var merges = new List<string>();
            for (int i = 0; i < 12; i++)
            {
                (string left, string right) = (pieces[random.Next(pieces.Count)], pieces[random.Next(pieces.Count)]);
                if (!pieces.Contains(left + right) && !merges.Contains($"{left} {right}"))
                {
                    merges.Add($"{left} {right}");
                    pieces.Add(left + right);
                }
            }

            var text = new StringBuilder();
            for (int i = 0; i < 30; i++)
            {
                text.Append((char)('a' + random.Next(3)));
            }

            string[] expected = MergeNaively(text.ToString(), merges);
            VocabularyData data = ByteLevel([.. merges]);
            Assert.Equal(expected, Encode(data, text.ToString()));
            byte[][] tokens = [.. data.Tokens.Select(token => token.ToArray())];
            random.Shuffle(tokens);
            Assert.Equal(expected, Encode(data with { Tokens = Pack(tokens) }, text.ToString()));
        }
    }

    // Merge all pairs of the best rank, one at a time from the left, until no pair has a rank.
    private static string[] MergeNaively(string text, List<string> merges)
    {
        var symbols = new List<string>();
        foreach (char c in text)
        {
            symbols.Add(c.ToString());
        }

        while (true)
        {
            (int Rank, int Place) best = (int.MaxValue, -1);
            for (int i = 0; i + 1 < symbols.Count; i++)
            {
                int rank = merges.IndexOf($"{symbols[i]} {symbols[i + 1]}");
                if (rank >= 0 && rank < best.Rank)
                {
                    best = (rank, i);
                }
            }

            if (best.Place < 0)
            {
                return [.. symbols];
            }

            symbols[best.Place] += symbols[best.Place + 1];
            symbols.RemoveAt(best.Place + 1);
        }
    }

    private static void Refuses(string key, VocabularyData data)
    {
        var error = Assert.Throws<VocabularyException>(() => Tokenizer.Create(data));
        Assert.Equal(key, error.Key);
        Assert.DoesNotContain('\n', error.Message);
    }

    private static string[] Encode(VocabularyData data, string text)
    {
        Tokenizer tokenizer = Tokenizer.Create(data);
        return tokenizer.Pieces(tokenizer.Encode(text, addSpecial: false));
    }
}

using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Xunit;
using static EdgeRuntime.Tokenizers.Tests.VocabularyBuilder;

namespace EdgeRuntime.Tokenizers.Tests;

/// <summary>Unigram on a small vocabulary: the best sum, unknown characters, normalization, and damaged character maps.</summary>
public sealed class UnigramTests
{
    private static readonly (string Text, int Type, float Score)[] Pieces =
    [
        ("<pad>", Control, 0), ("</s>", Control, 0), ("<unk>", Unknown, 0), ("▁", Normal, -3), ("a", Normal, -2), ("b", Normal, -2),
        ("ab", Normal, -3), ("▁ab", Normal, -5), ("ba", Normal, -2.5f), ("x", Normal, -4), ("<u…>", UserDefined, -9), ("ﬁ", Unused, -1),
    ];

    [Theory]
    [InlineData("ab", "ab")]
    [InlineData("aba", "a|ba")]
    [InlineData("abab", "ab|ab")]
    [InlineData("a??é", "a|<unk>")]
    [InlineData("a b", "a| |b")]
    [InlineData("a<u…>b", "a|<u…>|b")]
    [InlineData("", "")]
    public void Encode_Text_TakesTheHighestSum(string text, string pieces) => Assert.Equal(pieces, Join(Create(), text));

    [Theory]
    [InlineData(true, false, "  ab", " | | ab")]
    [InlineData(true, true, "  ab  a ", " ab| |a")]
    [InlineData(false, true, "ab", " ab")]
    public void Encode_Spaces_AreAddedAndMergedAsTheFileSays(bool adds, bool merges, string text, string pieces) =>
        Assert.Equal(pieces, Join(Create(("add_space_prefix", adds), ("remove_extra_whitespaces", merges)), text));

    [Fact]
    public void Encode_EndOfSequence_IsAddedByDefault()
    {
        Assert.Equal([4, 1], Create().Encode("a"));
        Assert.Equal([4], Create(("add_eos_token", false)).Encode("a"));
    }

    [Fact]
    public void Encode_CharacterMap_ReplacesTheLongestSequence()
    {
        byte[] map = Map(("A", "a"), ("é", "ab"), ("…", ""), ("A…", "x"));
        Tokenizer tokenizer = Tokenizer.Create(Data() with { CharsMap = map });
        Assert.Equal("a|ab|x", Join(tokenizer, "Aé…A…"));
        Assert.Equal([0..1, 1..2, 2..5], tokenizer.EncodeWithOffsets("Aé…A…", addSpecial: false).Select(token => token.Range));
    }

    [Fact]
    public void Create_DamagedCharacterMap_IsRefusedOrHarmless()
    {
        const int Seed = 5;
        var random = new Random(Seed);
        byte[] map = Map(("A", "a"), ("é", "ab"), ("…", ""), ("A…", "x"));
        int refused = 0;
        for (int round = 0; round < 3000; round++)
        {
            byte[] damaged = random.Next(4) == 0 ? map[..random.Next(map.Length)] : [.. map];
            for (int i = random.Next(4); i >= 0 && damaged.Length > 0; i--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            try
            {
                Tokenizer.Create(Data() with { CharsMap = damaged }).Encode("Aé…A…ab\u0001\uFFFF👍");
            }
            catch (VocabularyException exception)
            {
                Assert.DoesNotContain('\n', exception.Message);
                Assert.Equal("precompiled_charsmap", exception.Key);
                refused++;
            }
        }

        Assert.InRange(refused, 100, 2900);
    }

    private static string Join(Tokenizer tokenizer, string text) =>
        string.Join('|', tokenizer.Pieces(tokenizer.Encode(text, addSpecial: false)));

    private static Tokenizer Create(params (string Name, bool Value)[] flags) =>
        Tokenizer.Create(Data() with { Flags = flags.ToDictionary(flag => flag.Name, flag => flag.Value) });

    private static VocabularyData Data() => new()
    {
        Model = "t5",
        Tokens = VocabularyBuilder.Encode(Pieces.Select(piece => piece.Text)),
        TokenTypes = Pieces.Select(piece => piece.Type).ToArray(),
        Scores = Pieces.Select(piece => piece.Score).ToArray(),
    };

    /// <summary>Compiles a character map: every trie node gets a block of 256 entries of its own.</summary>
    private static byte[] Map(params (string From, string To)[] entries)
    {
        const uint Leaf = 1 << 8;
        var nodes = new List<string> { "" };
        foreach ((string from, _) in entries)
        {
            string bytes = Latin1(from);
            nodes.AddRange(Enumerable.Range(1, bytes.Length).Select(length => bytes[..length]).Where(prefix => !nodes.Contains(prefix)));
        }

        var units = new uint[256 * (nodes.Count + 1)];
        var places = new Dictionary<string, uint> { [""] = 0 };
        string replacements = "";
        for (int node = 0; node < nodes.Count; node++)
        {
            uint start = 256u * ((uint)node + 1);
            uint place = node == 0 ? 0 : places[nodes[node][..^1]] ^ nodes[node][^1];
            units[place] = ((place ^ start) << 10) | (node == 0 ? 0 : (uint)nodes[node][^1]);
            places[nodes[node]] = start;
            (string From, string To)[] ends = [.. entries.Where(entry => Latin1(entry.From) == nodes[node])];
            if (ends.Length > 0)
            {
                units[place] |= Leaf;
                units[start] = (1u << 31) | (uint)replacements.Length;
                replacements += Latin1(ends[0].To) + "\0";
            }
        }

        byte[] map = new byte[4 + (4 * units.Length)];
        BinaryPrimitives.WriteInt32LittleEndian(map, 4 * units.Length);
        for (int i = 0; i < units.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(map.AsSpan(4 + (4 * i)), units[i]);
        }

        return [.. map, .. Encoding.Latin1.GetBytes(replacements)];
    }

    private static string Latin1(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));
}

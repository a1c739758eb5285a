using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace EdgeRuntime.Tokenizers.Tests;

/// <summary>The trie of pieces against a search through all of them.</summary>
public sealed class PieceTrieTests
{
    [Theory]
    [InlineData(0, 256)]
    [InlineData(1, 256)]
    [InlineData(300, 2)]
    [InlineData(3000, 4)]
    [InlineData(3000, 256)]
    public void FindLongest_RandomPieces_EqualsSearchThroughAll(int count, int letters)
    {
        const int Seed = 11;
        var random = new Random(Seed);
        var builder = new PieceTrieBuilder();
        var ids = new Dictionary<string, int>();
        for (int id = 0; id < count; id++)
        {
            byte[] piece = Draw(random, letters, 14);
            builder.Add(piece, id);
            ids[Convert.ToHexString(piece)] = id;
        }

        ids.Remove("");
        PieceTrie trie = builder.Build();
        byte[][] texts = [.. Enumerable.Range(0, 500).Select(_ => Draw(random, letters, 20)), .. ids.Keys.Select(Convert.FromHexString)];
        foreach (byte[] text in texts)
        {
            int expected = Enumerable.Range(1, text.Length).Reverse().FirstOrDefault(n => ids.ContainsKey(Convert.ToHexString(text, 0, n)));
            int found = trie.FindLongest(text, out int length);
            Assert.Equal(expected, length);
            Assert.Equal(expected == 0 ? -1 : ids[Convert.ToHexString(text, 0, expected)], found);
            Assert.InRange(trie.MeasurePrefix(text), expected, text.Length);
        }
    }

    [Fact]
    public void Build_LongPiece_EndsAtItsNode()
    {
        var builder = new PieceTrieBuilder();
        byte[] piece = new byte[100_000];
        builder.Add(piece, 7);
        builder.Add(piece.AsSpan(1), 8);
        PieceTrie trie = builder.Build();
        Assert.Equal(7, trie.Find(piece).Id);
        Assert.Equal(8, trie.Find(piece.AsSpan(1)).Id);
        Assert.False(trie.Find(piece.AsSpan(2)).Id >= 0);
        Assert.False(trie.Find([1]).Exists);
    }

    private static byte[] Draw(Random random, int letters, int most) =>
        [.. Enumerable.Range(0, random.Next(most + 1)).Select(_ => (byte)random.Next(letters))];
}

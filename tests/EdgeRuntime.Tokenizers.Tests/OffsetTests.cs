using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using EdgeRuntime.TestSupport;
using Xunit;
using static EdgeRuntime.Tokenizers.Tests.VocabularyBuilder;

namespace EdgeRuntime.Tokenizers.Tests;

/// <summary>Ranges of tokens in their text, and encoding and decoding with spans, over all reference vocabularies.</summary>
public sealed class OffsetTests
{
    private const int Seed = 20261130;

    private static readonly string[] Fragments =
    [
        "a", "Hello", " world", "  ", "\n", "'LL", "1234567", "é", "e\u0301", "中文", "한국어", "👍🏽", "👩‍👩‍👧", "𝒜𝓫", "\u00A0", "<s>",
        "<|im_end|>", "<|endoftext|>", "▁", "Ġ", "\0", "\uFFFD", "\uD800", "\uDC00", "\u0378", "ﬀ",
    ];

    public static IEnumerable<TheoryDataRow<string>> Names => Vocabularies.Supported.Select(name => new TheoryDataRow<string>(name));

    public static IEnumerable<TheoryDataRow<string>> LosslessNames =>
        Vocabularies.Lossless.Select(name => new TheoryDataRow<string>(name));

    [Theory]
    [MemberData(nameof(Names))]
    public void EncodeWithOffsets_AnyText_CoversTheTextWithTheTokensOfEncode(string name)
    {
        Tokenizer tokenizer = Vocabularies.Open(name);
        var random = new Random(Seed);
        for (int round = 0; round < 300; round++)
        {
            string text = MakeText(random);
            bool parsed = round % 2 == 0;
            IReadOnlyList<EncodedToken> tokens = tokenizer.EncodeWithOffsets(text, addSpecial: true, parseSpecial: parsed);
            Assert.Equal(tokenizer.Encode(text, addSpecial: true, parseSpecial: parsed), tokens.Select(token => token.Id));
            int end = 0;
            foreach (EncodedToken token in tokens)
            {
                // Only the tokens of one character overlap.
                (int offset, int length) = token.Range.GetOffsetAndLength(text.Length);
                string note = $"seed {Seed} round {round}: {token} after {end}";
                Assert.True(offset <= end && offset + length >= end, note);
                Assert.True(offset == end || length == 0 || IsOneCharacter(text[offset..end]), note);
                end = offset + length;
            }

            Assert.Equal(text.Length, tokens.Count > 0 ? end : 0);
        }
    }

    [Theory]
    [MemberData(nameof(LosslessNames))]
    public void EncodeWithOffsets_TokenOfWholeCharacters_HasTheRangeOfItsText(string name)
    {
        Tokenizer tokenizer = Vocabularies.Open(name);
        bool marksSpaces = name is "llama-spm" or "phi-3" or "gemma-4";
        int compared = 0;
        foreach (string text in (string[])["Hello, wörld!  Two 中文 👍🏽\n", "naïve café", "x = [1, 2, 34567]"])
        {
            foreach (EncodedToken token in tokenizer.EncodeWithOffsets(text, addSpecial: false))
            {
                string piece = Encoding.UTF8.GetString(tokenizer.GetPieceBytes(token.Id, special: true));
                string part = text[token.Range];
                bool isPrefix = marksSpaces && token.Range.Start.Value == 0 && piece == " " + part;
                if (!piece.Contains('\uFFFD', StringComparison.Ordinal) && !isPrefix)
                {
                    Assert.Equal(part, piece);
                    compared++;
                }
            }
        }

        Assert.InRange(compared, 15, 100);
    }

    [Fact]
    public void EncodeWithOffsets_ByteTokens_HaveTheRangeOfTheirCharacter()
    {
        Tokenizer tokenizer = Tokenizer.Create(Sentence(("▁", Normal), ("a", Normal)));
        IReadOnlyList<EncodedToken> tokens = tokenizer.EncodeWithOffsets("a👍é a");
        Assert.Equal(
            [0..0, 0..0, 0..1, 1..3, 1..3, 1..3, 1..3, 3..4, 3..4, 4..5, 5..6],
            tokens.Select(token => token.Range));
    }

    [Fact]
    public void EncodeWithOffsets_ByteWithoutToken_BelongsToTheNextOne()
    {
        Tokenizer tokenizer = Tokenizer.Create(ByteLevel(["a b"]));
        Assert.Equal([0..2, 2..5, 5..6], tokenizer.EncodeWithOffsets("abéab!").Select(token => token.Range));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void TryEncode_AnyText_EqualsEncode(string name)
    {
        Tokenizer tokenizer = Vocabularies.Open(name);
        var random = new Random(Seed);
        int[] ids = new int[1000];
        char[] chars = new char[4000];
        for (int round = 0; round < 100; round++)
        {
            string text = MakeText(random);
            bool special = round % 2 == 0;
            IReadOnlyList<int> expected = tokenizer.Encode(text, special, special);
            Assert.True(tokenizer.TryEncode(text, ids, out int count, special, special));
            Assert.Equal(expected, ids[..count]);
            Assert.Equal(count, tokenizer.CountTokens(text, special, special));
            Assert.Equal(count == 0, tokenizer.TryEncode(text, ids.AsSpan(0, Math.Max(count - 1, 0)), out int needed, special, special));
            Assert.Equal(count, needed);
            string decoded = tokenizer.Decode(ids.AsSpan(0, count), special);
            Assert.True(tokenizer.TryDecode(ids.AsSpan(0, count), chars, out int length, special));
            Assert.Equal(decoded, new string(chars, 0, length));
            Assert.Equal(length == 0, tokenizer.TryDecode(ids.AsSpan(0, count), [], out length, special));
            Assert.Equal(decoded.Length, length);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void TryEncode_PlainText_AllocatesNothing(string name)
    {
        const string Text = "The quick brown fox jumps over 13 lazy dogs, naïvely.\n  It rests — 中文.";
        Tokenizer tokenizer = Vocabularies.Open(name);
        int[] ids = new int[200];
        char[] chars = new char[200];

        // Other tests use the same tokenizer and its memory at times.
        Assert.Equal(0, Enumerable.Range(0, 50).Min(_ => Run()));

        long Run()
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            bool fits = tokenizer.TryEncode(Text, ids, out int count)
                && tokenizer.TryDecode(ids.AsSpan(0, count), chars, out _)
                && tokenizer.CountTokens(Text) == count;
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(fits);
            return allocated;
        }
    }

    [Fact]
    public void FromGguf_FileWithVocabularyOnly_EncodesLikeTheTokenizerOfItsModel()
    {
        Tokenizer tokenizer = Tokenizer.FromGguf(SharedData.Require("conformance/tokenizers/qwen2.gguf"));
        Assert.Equal(Vocabularies.Open("qwen2").Encode("Hello world"), tokenizer.Encode("Hello world"));
    }

    [Fact]
    public void FromGguf_NoFileAFromGguf_NoFileOrAFolder_IsRefusedAsDocumentedAsDocumented()
    {
        Assert.Throws<System.IO.FileNotFoundException>(() => Tokenizer.FromGguf("absent.gguf"));
        Assert.Contains(
            "is a folder",
            Assert.ThrowsAny<System.IO.IOException>(() => Tokenizer.FromGguf(System.IO.Path.GetTempPath())).Message,
            StringComparison.Ordinal);
    }

    private static bool IsOneCharacter(string text) => text.EnumerateRunes().Count() == 1;

    private static string MakeText(Random random) =>
        string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => Fragments[random.Next(Fragments.Length)]));
}

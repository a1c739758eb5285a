using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Xunit;

namespace EdgeRuntime.Tokenizers.Tests;

/// <summary>What must hold for any text and any ids, over all reference vocabularies.</summary>
public sealed class RoundTripTests
{
    private const int Seed = 20250711;

    private static readonly string[] Fragments =
    [
        "a", "Hello", " world", "  ", "\n", "\r\n", "\t", "'s", "'LL", "123", "1234567", "é", "e\u0301", "中文", "한국어", "עברית", "👍🏽",
        "👩‍👩‍👧", "𝒜𝓫", "𐐀𐐨", "\u00A0", "\u3000", "\u2028", "<s>", "</s>", "<|im_end|>", "<|endoftext|>", "▁", "Ġ", "<0x0A>", "_", "¹²", "٣",
        "\0", "\u007F", "\uFFFD", "\uD800", "\uDC00", "\uE000", "\u0378", "ﬀ", "ſ",
    ];

    public static IEnumerable<TheoryDataRow<string>> Names => Vocabularies.Supported.Select(name => new TheoryDataRow<string>(name));

    public static IEnumerable<TheoryDataRow<string>> LosslessNames =>
        Vocabularies.Lossless.Select(name => new TheoryDataRow<string>(name));

    [Theory]
    [MemberData(nameof(LosslessNames))]
    public void Decode_EncodedText_GivesTheTextBack(string name)
    {
        Tokenizer tokenizer = Vocabularies.Open(name);
        var random = new Random(Seed);
        for (int round = 0; round < 400; round++)
        {
            string text = MakeText(random);

            // U+2581 is how these vocabularies write a space, and a lone surrogate is no text.
            string expected = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
            expected = name is "llama-spm" or "phi-3" or "gemma-4" ? expected.Replace('▁', ' ') : expected;
            IReadOnlyList<int> ids = tokenizer.Encode(text, addSpecial: false);
            string actual = tokenizer.Decode([.. ids], special: true);
            Assert.True(expected == actual, $"seed {Seed} round {round}: \"{Escape(expected)}\" came back as \"{Escape(actual)}\"");
            Assert.All(ids, id => Assert.InRange(id, 0, tokenizer.VocabularySize - 1));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Encode_AnyTextWithSpecials_NeverFails(string name)
    {
        Tokenizer tokenizer = Vocabularies.Open(name);
        var random = new Random(Seed);
        for (int round = 0; round < 200; round++)
        {
            char[] chars = new char[random.Next(40)];
            for (int i = 0; i < chars.Length; i++)
            {
                chars[i] = (char)random.Next(0x10000);
            }

            IReadOnlyList<int> ids = tokenizer.Encode(new string(chars) + MakeText(random), addSpecial: true, parseSpecial: true);
            Assert.All(ids, id => Assert.InRange(id, 0, tokenizer.VocabularySize - 1));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void StreamDecoder_RandomIds_EqualsDecode(string name)
    {
        Tokenizer tokenizer = Vocabularies.Open(name);
        var random = new Random(Seed);
        TokenStreamDecoder decoder = tokenizer.CreateStreamDecoder();
        for (int round = 0; round < 400; round++)
        {
            // Low ids are the single bytes in many vocabularies: they make broken characters.
            int[] ids =
                [.. Enumerable.Range(0, random.Next(24)).Select(_ => random.Next(random.Next(2) == 0 ? 300 : tokenizer.VocabularySize))];
            var text = new StringBuilder();
            foreach (int id in ids)
            {
                string part = decoder.Append(id);
                Assert.False(part.Length > 0 && char.IsHighSurrogate(part[^1]), $"seed {Seed} round {round}: half a character");
                text.Append(part);
            }

            text.Append(decoder.Flush());
            Assert.True(text.ToString() == tokenizer.Decode(ids), $"seed {Seed} round {round}: ids {string.Join(",", ids)}");
        }
    }

    [Theory]
    [MemberData(nameof(LosslessNames))]
    public void StreamDecoder_EncodedEmoji_GivesWholeCharactersOnly(string name)
    {
        Tokenizer tokenizer = Vocabularies.Open(name);
        TokenStreamDecoder decoder = tokenizer.CreateStreamDecoder();
        string[] parts = [.. tokenizer.Encode("a👍🏽𝒜é中", addSpecial: false).Select(decoder.Append), decoder.Flush()];
        Assert.Equal("a👍🏽𝒜é中", string.Concat(parts));
        Assert.DoesNotContain(parts, part => part.Contains('\uFFFD'));
    }

    [Fact]
    public void Encode_ManyThreads_AgreeWithOne()
    {
        Tokenizer tokenizer = Vocabularies.Open("qwen2");
        var random = new Random(Seed);
        string[] texts = [.. Enumerable.Range(0, 200).Select(_ => MakeText(random))];
        int[][] expected = [.. texts.Select(text => tokenizer.Encode(text))];
        int[][] actual = [.. texts.AsParallel().AsOrdered().WithDegreeOfParallelism(4).Select(text => tokenizer.Encode(text))];
        Assert.Equal(expected, actual);
    }

    private static string MakeText(Random random) =>
        string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => Fragments[random.Next(Fragments.Length)]));

    private static string Escape(string text) => string.Concat(text.Select(c => c is >= ' ' and <= '~' ? $"{c}" : $"\\u{(int)c:x4}"));
}

using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Xunit;
using static EdgeRuntime.Tokenizers.Tests.VocabularyBuilder;

namespace EdgeRuntime.Tokenizers.Tests;

/// <summary>
/// Vocabularies of every kind with random damage: each is refused by the key with the error, or it encodes and decodes every text.
/// </summary>
public sealed class HostileVocabularyTests
{
    private const int Rounds = 200;

    private static readonly string[] s_texts =
    [
        "Once upon a time, 3 bears: <3", "中文字 é\u0301 😀\u200d👍 \uFEFF", "<s>the</s><|im_end|><0x41>[MASK]\n\t  <mask> x ",
        "\ud800x\udc00", "\uFEFF▁the▁ then", "  ", "\0",
    ];

    private static readonly string[] s_special =
        ["bos", "eos", "eot", "eom", "unknown", "separator", "padding", "mask", "cls", "fim_pre", "fim_pad", "fim_suf", "other"];

    private static readonly string[] s_flags =
    [
        "add_bos_token", "add_eos_token", "add_sep_token", "add_space_prefix", "remove_extra_whitespaces", "normalizer.lowercase",
        "normalizer.strip_accents",
    ];

    private static readonly string[] s_merges = ["t h", "h e", "th e", "Ġ t"];

    private static readonly byte[][] s_bytes =
    [
        [], [0xE4], [0xB8], [0xAD], [0xE4, 0xB8], [0xB8, 0xAD], [0x96, 0x81], [0xE2], [0xFF], [0xF0, 0x9F], [.. "▁"u8], [.. "▁▁"u8],
        [.. " "u8], [.. "t h"u8], [.. "h e"u8], [.. "th e"u8], [.. " a"u8], [.. "a "u8], [.. "a"u8], [.. "<0x41>"u8], [.. "<0xZZ>"u8],
        [.. "\\x"u8], [.. "\\xf"u8], [.. "\\"u8], [.. "<|im_end|>"u8], [.. "</s>"u8], [.. "\n"u8], [.. "中"u8], [.. "\0"u8],
    ];

    public static IEnumerable<TheoryDataRow<string, int>> Cases =>
        from model in TokenizerModels.All
        from seed in (int[])[1, 2]
        select new TheoryDataRow<string, int>(model.Name, seed);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Create_OfADamagedVocabulary_IsRefusedByKeyOrWorks(string model, int seed)
    {
        var random = new Random(seed);
        int refused = 0;
        for (int round = 0; round < Rounds; round++)
        {
            VocabularyData data = Good(model);
            var damages = new List<string>();
            for (int rest = random.Next(1, 4); rest > 0; rest--)
            {
                data = Damage(data, random, damages);
            }

            try
            {
                Use(Tokenizer.Create(data));
            }
            catch (VocabularyException error)
            {
                Assert.False(error.Message.AsSpan().ContainsAnyInRange('\0', '\x1f'), error.Message);
                refused++;
            }
            catch (Exception error)
            {
                Assert.Fail($"round {round}: {string.Join("; ", damages)}: {error}");
            }
        }

        // Both outcomes must occur, or the damage proves little.
        Assert.InRange(refused, 20, Rounds - 20);
    }

    private static void Use(Tokenizer tokenizer)
    {
        foreach (string text in s_texts)
        {
            foreach (bool parses in (bool[])[false, true])
            {
                int[] ids = tokenizer.Encode(text, addSpecial: true, parses);
                Assert.All(ids, id => Assert.InRange(id, 0, tokenizer.VocabularySize - 1));
                IReadOnlyList<EncodedToken> tokens = tokenizer.EncodeWithOffsets(text, addSpecial: true, parses);
                Assert.Equal(ids, tokens.Select(static token => token.Id));
                Assert.All(tokens, token => Assert.InRange(token.Range.End.Value, token.Range.Start.Value, text.Length));
                _ = tokenizer.Decode(ids, special: parses);
            }
        }

        int[] all = [.. Enumerable.Range(0, tokenizer.VocabularySize)];
        _ = tokenizer.TidySpaces(tokenizer.Decode(all, special: true));
        Assert.All(all, id => _ = tokenizer.IsControl(id) | tokenizer.IsEndOfGeneration(id));
    }

    /// <summary>A vocabulary from which every kind of tokenizer can be made.</summary>
    private static VocabularyData Good(string model)
    {
        (string Text, int Type)[] pieces =
        [
            ("<|im_end|>", Control), ("<mask>", UserDefined), ("[MASK]", Control), ("▁", Normal), ("▁the", Normal), ("the", Normal),
            ("th", Normal), ("he", Normal), ("中", Normal), ("é", Normal), ("Ġ", Normal), ("Ġt", Normal), ("unused", Unused),
            ("  ", Normal),
            .. Enumerable.Range('!', '~' - '!' + 1).Select(static c => (((char)c).ToString(), Normal)),
        ];
        VocabularyData data = Sentence(pieces);
        return data with
        {
            Model = model,
            PreTokenizer = "gpt-2",
            Merges = Merges(s_merges),
            SpecialTokens = new Dictionary<string, int> { ["bos"] = 1, ["eos"] = 2, ["unknown"] = 0, ["separator"] = 2 },
        };
    }

    private static VocabularyData Damage(VocabularyData data, Random random, List<string> damages)
    {
        int kind = random.Next(8);
        damages.Add($"damage of kind {kind}");
        return kind switch
        {
            0 => data with { Tokens = Pack(DamageTexts(data.Tokens, random)) },
            1 => data with { Merges = Merges(DamageTexts(Encode(s_merges), random)) },
            2 => data with { TokenTypes = DamageNumbers(data.TokenTypes, random, [-1, 0, 1, 2, 3, 4, 5, 6, 7, int.MaxValue]) },
            3 => data with
            {
                Scores = DamageNumbers(
                    data.Scores, random,
                    [float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, float.MinValue, 0, -0f]),
            },
            4 => data with { SpecialTokens = DamageSpecial(data, random) },
            5 => data with { Flags = s_flags.ToDictionary(static flag => flag, _ => random.Next(2) == 0) },
            6 => data with
            {
                ModelName = Pick(random, "phi-3", "modern-bert", ""),
                PreTokenizer = Pick(random, [.. PreTokenizers.All.Select(static known => known.Names[0])]),
                Architecture = Pick(random, "jina-bert-v3", "llama"),
            },
            _ => data with { CharsMap = RandomBytes(random, random.Next(3) == 0 ? 2000 : 20) },
        };
    }

    private static byte[][] DamageTexts(IReadOnlyList<ReadOnlyMemory<byte>> texts, Random random)
    {
        List<byte[]> damaged = [.. texts.Select(static text => text.ToArray())];
        for (int rest = random.Next(1, 20); rest > 0 && damaged.Count > 0; rest--)
        {
            damaged[random.Next(damaged.Count)] = random.Next(6) switch
            {
                0 => RandomBytes(random, 6),
                1 => damaged[random.Next(damaged.Count)],
                2 => Encoding.UTF8.GetBytes(new string('a', 3000)),
                _ => Pick(random, s_bytes),
            };
        }

        return random.Next(6) switch
        {
            0 => [.. damaged[..random.Next(damaged.Count)]],
            1 => [.. damaged, .. damaged],
            _ => [.. damaged],
        };
    }

    private static T[] DamageNumbers<T>(ReadOnlyMemory<T> numbers, Random random, T[] values)
    {
        T[] damaged = numbers.ToArray();
        for (int rest = random.Next(1, 20); rest > 0 && damaged.Length > 0; rest--)
        {
            damaged[random.Next(damaged.Length)] = Pick(random, values);
        }

        return random.Next(8) switch
        {
            0 => damaged[..random.Next(damaged.Length)],
            1 => [],
            2 => [.. damaged, .. damaged],
            3 => [.. Enumerable.Repeat(Pick(random, values), damaged.Length)],
            _ => damaged,
        };
    }

    private static Dictionary<string, int> DamageSpecial(VocabularyData data, Random random)
    {
        var damaged = new Dictionary<string, int>(data.SpecialTokens);
        for (int rest = random.Next(1, 4); rest > 0; rest--)
        {
            string name = Pick(random, s_special);
            if (random.Next(4) == 0)
            {
                damaged.Remove(name);
            }
            else
            {
                int count = data.Tokens.Count;
                damaged[name] = random.Next(5) == 0 ? Pick(random, -1, count, int.MaxValue) : random.Next(count + 1);
            }
        }

        return damaged;
    }

    private static byte[] RandomBytes(Random random, int most)
    {
        byte[] bytes = new byte[random.Next(most + 1)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static T Pick<T>(Random random, params T[] values) => values[random.Next(values.Length)];
}

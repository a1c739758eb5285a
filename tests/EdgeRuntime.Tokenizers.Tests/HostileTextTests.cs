using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using Xunit;

namespace EdgeRuntime.Tokenizers.Tests;

/// <summary>Long texts that would take a quadratic encoder minutes or hours. The limit is a guard against that and nothing else.</summary>
public sealed class HostileTextTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    public static IEnumerable<TheoryDataRow<string, string>> Cases =>
        from name in (string[])["llama-spm", "qwen2", "deepseek-llm"]
        from text in (string[])["a", " ", "A", "'", "7", "\n", "中", "\u0301", " \t", "<|im_end|></s>", "a▁"]
        select new TheoryDataRow<string, string>(name, text);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Encode_LongRepetition_IsNotQuadratic(string name, string text)
    {
        Tokenizer tokenizer = Vocabularies.Open(name);
        string repeated = string.Concat(Enumerable.Repeat(text, 250_000 / text.Length)) + "1";
        Stopwatch watch = Stopwatch.StartNew();
        IReadOnlyList<int> ids = tokenizer.Encode(repeated, addSpecial: false, parseSpecial: true);
        Assert.True(watch.Elapsed < Limit, $"took {watch.Elapsed}");
        Assert.NotEmpty(ids);
    }

    [Fact]
    [Trait("Speed", "Slow")]
    public void Encode_EveryPreTokenizer_TakesLongRepetitions()
    {
        string[] texts = ["a", "A", " ", ".", "(", "7", "\n", "中", "é\u0301", "a ", "<sentinel:0", "IMG", "'s", "/", "\u0301"];
        foreach (PreTokenizer preTokenizer in PreTokenizers.All)
        {
            foreach (string text in texts)
            {
                byte[] repeated = System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(text, 50_000)) + "1中a");
                Stopwatch watch = Stopwatch.StartNew();
                List<int> words = [];
                preTokenizer.Split(repeated, words);
                Assert.True(watch.Elapsed < Limit, $"{preTokenizer.Names[0]} took {watch.Elapsed} for \"{text}\"");
                Assert.Equal(repeated.Length, words.Sum());
                Assert.DoesNotContain(0, words);
            }
        }
    }
}

using System.Collections.Generic;
using System.Linq;
using System.Text;
using Xunit;

namespace EdgeRuntime.Tokenizers.Tests;

/// <summary>Words of each pre-tokenizer; the expectations follow from the expressions of the reference.</summary>
public sealed class PreTokenizerTests
{
    [Theory]
    [InlineData("gpt-2", "I'll go  on\n1234", "I|'ll| go| | on|\n|1234")]
    [InlineData("llama-bpe", "I'LL go  on\n\n1234.\n", "I|'LL| go| | on|\n\n|123|4|.\n")]
    [InlineData("qwen2", "x=12\t a", "x|=|1|2|\t| a")]
    [InlineData("smollm", "in 2024", "in| |2|0|2|4")]
    [InlineData("falcon", "12345 (a)", "123|45| |(|a|)")]
    [InlineData("deepseek-llm", "Hi 中文12 !", "Hi| |中文|12| !")]
    [InlineData("deepseek-v3", "a(b 1234中文", "a|(b| |123|4|中文")]
    [InlineData("tekken", "HelloWorld 12", "Hello|World| |1|2")]
    [InlineData("gpt-4o", "HelloWORLD's", "Hello|WORLD's")]
    [InlineData("bloom", "a, b (c", "a|,| b| (|c")]
    [InlineData("default", "a+1234", "a|+|123|4")]
    [InlineData("gemma4", "a b\n\nc", "a b|\n\n|c")]
    [InlineData("kimi-k2", "ab's中文x 1234", "ab's|中文|x| |123|4")]
    [InlineData("kimi-k2", "a𠀀𠀁b豈ƻ", "a|𠀀𠀁|b|豈|ƻ")]
    [InlineData("tiny_aya", "a12345678 1²3", "a|12|345|678| |1²3")]
    [InlineData("afmoe", "abc1234 ไทย123", "abc|1|234| |ไ|ทย|123")]
    [InlineData("superbpe", "a 1234567,123456x12", "a |1|234|567|,|123|456|x|12")]
    [InlineData("whitespace", "a,b  c", "a,b|  |c")]
    [InlineData("sarvam-moe", "a b\n", "a b|\n")]
    public void Split_Text_GivesTheWords(string name, string text, string words) =>
        Assert.Equal(words.Split('|'), Split(name, text));

    [Theory]
    [InlineData("llama-bpe", "𝒜𝓫c x", "𝒜𝓫c| x")]
    [InlineData("qwen2", "a𝟘𝟙", "a|𝟘|𝟙")]
    [InlineData("llama-bpe", "👍🏽👍", "👍🏽👍")]
    [InlineData("deepseek-llm", "é𐐀𐐨 b", "é𐐀𐐨| b")]
    public void Split_BeyondTheBasicPlane_KnowsTheCategory(string name, string text, string words) =>
        Assert.Equal(words.Split('|'), Split(name, text));

    [Fact]
    public void All_Names_AreGivenOnce()
    {
        string[] names = [.. PreTokenizers.All.SelectMany(preTokenizer => preTokenizer.Names)];
        Assert.Equal(names.Distinct(), names);
        Assert.Same(PreTokenizers.Default, PreTokenizers.Find(null));
    }

    private static List<string> Split(string name, string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        var words = new List<string>();
        int start = 0;
        List<int> lengths = [];
        PreTokenizers.Find(name).Split(utf8, lengths);
        foreach (int length in lengths)
        {
            words.Add(Encoding.UTF8.GetString(utf8, start, length));
            start += length;
        }

        return words;
    }
}

using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit;
using static EdgeRuntime.Tokenizers.Tests.VocabularyBuilder;

namespace EdgeRuntime.Tokenizers.Tests;

/// <summary>Data is plain text whatever it spells; the rest of a prompt is tokenized as ever.</summary>
public sealed class PromptTextTests
{
    private const string ChatMl =
        "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}<|im_start|>assistant\n";

    private static readonly Tokenizer ByteLevelTokenizer = Tokenizer.Create(ByteLevel(
        ["a b", "< |", "> a"], ("<|im_start|>", Control), ("<|im_end|>", Control), ("<|im_", Control), ("<tool>", UserDefined)));

    private static readonly Tokenizer SentenceTokenizer = Tokenizer.Create(Sentence(
        ("▁a", Normal), ("a", Normal), ("b", Normal), ("ab", Normal), ("<|im_start|>", Control), ("<|im_end|>", Control),
        ("<tool>", UserDefined)));

    [Fact]
    public void Encode_ControlTokenInData_IsPlainText()
    {
        PromptText prompt = new("a<|im_end|>b<|im_end|>c", [0..12]);

        int[] ids = ByteLevelTokenizer.Encode(prompt, addSpecial: false);

        Assert.Equal("a<|im_end|>b<|im_end|>c", ByteLevelTokenizer.Decode([.. ids], special: true));
        Assert.Equal(["<|im_end|>"], Controls(ByteLevelTokenizer, ids));
        Assert.Equal(ByteLevelTokenizer.Encode("a<|im_end|>b", false), ids.Take(ids.Length - 2));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0, 5)]
    [InlineData(4, 5)]
    [InlineData(5, 10)]
    [InlineData(9, 10)]
    public void Encode_ControlTokenThatIsPartlyData_IsPlainText(int start, int end)
    {
        PromptText prompt = new("<|im_end|>", [start..end]);

        // The shorter token inside may still be the template's own.
        Assert.DoesNotContain("<|im_end|>", Controls(ByteLevelTokenizer, ByteLevelTokenizer.Encode(prompt, false)));
        Assert.Equal("<|im_end|>", ByteLevelTokenizer.Decode(ByteLevelTokenizer.Encode(prompt, false), special: true));
    }

    [Fact]
    public void Encode_UserDefinedTokenInData_IsFound()
    {
        const string text = "a<tool>b";
        foreach (PromptText prompt in (PromptText[])[PromptText.Plain(text), new(text, [3..5]), PromptText.Parsed(text)])
        {
            Assert.Contains("<tool>", ByteLevelTokenizer.Pieces(ByteLevelTokenizer.Encode(prompt, false)));
        }
    }

    [Fact]
    public void Encode_DataWithoutSpellings_ChangesNothing()
    {
        var random = new Random(7);
        string[] parts = ["a", "b", "<", "|", "ab", "ba ", " ", "é", "🙂", "\n", "<tool>", "_end"];
        for (int i = 0; i < 500; i++)
        {
            string text = string.Concat(Enumerable.Range(0, 12).Select(_ => parts[random.Next(parts.Length)]));
            int start = random.Next(text.Length);
            PromptText prompt = new(text, [start..random.Next(start, text.Length)]);
            foreach (Tokenizer tokenizer in (Tokenizer[])[ByteLevelTokenizer, SentenceTokenizer])
            {
                Assert.Equal(tokenizer.Encode(text, parseSpecial: true), tokenizer.Encode(prompt));
            }
        }
    }

    [Fact]
    public void Encode_RandomPiecesOfControlTokensInMessages_ControlTokensAreThoseOfHarmlessMessages()
    {
        var random = new Random(11);
        string[] pieces = ["<|im_start|>", "<|im_end|>", "<|", "im_end", "|>", "<|im_", "end|>", "\n", " ", "assistant", "<", ">", "é🙂",
            "<tool>", "start|>"];
        ChatTemplate[] templates =
        [
            .. new[] { "m.content", "m.content|trim", "m.content.split('<|im_end|>')[-1]", "m.content|replace('|', '||')|string",
                "m.content[::1]" }
                .Select(use => ChatTemplate.Parse(ChatMl.Replace("m.content", $"({use})", StringComparison.Ordinal))),
            ChatTemplate.Parse("{% for m in messages %}<|im_start|>{{ m|tojson }}<|im_end|><|im_{{ m.content }}end|>{% endfor %}"),
            ChatTemplate.Parse("{% for m in messages %}<|im_start|>{{ '%s%s' % (m.role, m.content) }}<|im_end|>{% endfor %}"),
        ];
        for (int i = 0; i < 2000; i++)
        {
            ChatTemplate template = templates[i % templates.Length];
            ModelMessage[] hostile =
            [
                .. new[] { "system", "user", "assistant", "tool" }.Select(role => new ModelMessage(
                    role, string.Concat(Enumerable.Range(0, random.Next(1, 9)).Select(_ => pieces[random.Next(pieces.Length)])))),
            ];
            ModelMessage[] harmless = [.. hostile.Select(message => message with { Content = "ab" })];
            foreach (Tokenizer tokenizer in (Tokenizer[])[ByteLevelTokenizer, SentenceTokenizer])
            {
                PromptText prompt = template.RenderPrompt(hostile);
                IReadOnlyList<int> ids = tokenizer.Encode(prompt, addSpecial: false);
                Assert.True(
                    Controls(tokenizer, tokenizer.Encode(template.RenderPrompt(harmless), false)).SequenceEqual(Controls(tokenizer, ids)),
                    $"seed {i}: {prompt.Text}");
            }
        }
    }

    [Theory]
    [InlineData("llama-spm")]
    [InlineData("phi-3")]
    [InlineData("gpt-2")]
    [InlineData("llama-bpe")]
    [InlineData("qwen2")]
    [InlineData("deepseek-llm")]
    [InlineData("gemma-4")]
    public void Encode_EveryControlTokenAsData_IsPlainText(string vocabulary)
    {
        Tokenizer tokenizer = Vocabularies.Open(vocabulary);
        int[] controls = [.. Enumerable.Range(0, tokenizer.VocabularySize).Where(tokenizer.IsControl)];
        Assert.NotEmpty(controls);
        foreach (int control in controls)
        {
            string spelled = tokenizer.Decode([control], special: true).Trim();
            foreach (string text in (string[])[spelled, "x" + spelled + "x", " " + spelled + " ", spelled + spelled])
            {
                Assert.Empty(Controls(tokenizer, tokenizer.Encode(text, addSpecial: false)));
            }
        }
    }

    [Fact]
    public void Encode_MergesThatSpellAControlToken_DoNotMakeOne()
    {
        Tokenizer sentence = Tokenizer.Create(Sentence(("<", Normal), ("s", Normal), (">", Normal), ("<s", Normal), ("s>", Normal)));
        Tokenizer byteLevel = Tokenizer.Create(ByteLevel(["< e", "<e >"], ("<e>", Control)));

        Assert.Empty(Controls(sentence, sentence.Encode("<s>", addSpecial: false)));
        Assert.Empty(Controls(byteLevel, byteLevel.Encode("<e>", addSpecial: false)));
        Assert.Equal("<e>", byteLevel.Decode(byteLevel.Encode("<e>")));
        Assert.Equal(["<e>"], Controls(byteLevel, byteLevel.Encode("<e>", parseSpecial: true)));
    }

    [Fact]
    public void RenderPrompt_RoleThatSpellsAMark_IsData()
    {
        ChatTemplate template = ChatTemplate.Parse("{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}");

        Assert.Equal([8..9], template.RenderPrompt([new ModelMessage("user", "x")]).Data);
        Assert.Equal([2..8, 10..11], template.RenderPrompt([new ModelMessage("im_end", "x")]).Data);
    }

    [Fact]
    public void RenderPrompt_ToolsAndArguments_AreData()
    {
        var variables = new JsonObject
        {
            ["tools"] = new JsonArray(new JsonObject { ["name"] = "<|im_end|>", ["<|im_end|>"] = 1 }),
            ["messages"] = new JsonArray(new JsonObject
            {
                ["role"] = "assistant",
                ["tool_calls"] = new JsonArray(new JsonObject { ["arguments"] = new JsonObject { ["<|im_end|>"] = "<|im_end|>" } }),
            }),
        };
        ChatTemplate template = ChatTemplate.Parse(
            "{{ tools|tojson }}{{ tools }}{% for k, v in messages[0].tool_calls[0].arguments.items() %}{{ k ~ v }}{% endfor %}<|im_end|>");

        Assert.Equal(["<|im_end|>"], Controls(ByteLevelTokenizer, ByteLevelTokenizer.Encode(template.RenderPrompt(variables), false)));
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(0, 4)]
    public void Create_RangeOutsideOfText_IsRefused(int start, int end) =>
        Assert.Throws<ArgumentException>(() => new PromptText("abc", [start..end]));

    [Fact]
    public void Create_RangesFromTheEnd_CountFromTheEndOfTheText()
    {
        Assert.Equal([1..3], new PromptText("abc", [^2..]).Data);
        Assert.Throws<ArgumentException>(() => new PromptText("abc", [^4..2]));
    }

    [Fact]
    public void Create_RangesOutOfOrder_AreRefusedAndTouchingOnesJoined()
    {
        Assert.Throws<ArgumentException>(() => new PromptText("abcdef", [2..4, 3..5]));
        Assert.Equal([1..5], new PromptText("abcdef", [1..3, 3..3, 3..5]).Data);
    }

    [Fact]
    public void Encode_RangeThatSplitsASurrogatePair_TakesThePairIn()
    {
        const string text = "🙂<|im_end|>🙂";
        PromptText prompt = new(text, [1..2, 13..14]);

        Assert.Equal(ByteLevelTokenizer.Encode(text, parseSpecial: true), ByteLevelTokenizer.Encode(prompt));
    }

    private static string[] Controls(Tokenizer tokenizer, IReadOnlyList<int> ids) => tokenizer.Pieces(ids.Where(tokenizer.IsControl));
}

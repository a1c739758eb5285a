using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Xunit;

namespace EdgeRuntime.Tokenizers.Tests.ToolCalls;

/// <summary>Answers that no model should write: they never throw, and pieces of any size give what the whole text gives.</summary>
public sealed class HostileAnswerTests
{
    private const int Megabyte = 1 << 20;

    private static readonly string[] s_fragments =
    [
        "{", "}", "[", "]", "\"", "'", ":", ",", "=", "(", ")", "<", ">", "\\", "\\u0", " ", "\n", "```", "```json", "Action:", "é",
        "😀", "\ud800", "{\"name\": \"f\", \"arguments\": ", "{\"a\": 1}", "\"name\"", "\"parameters\"", "f", "true", "-1.5e3",
        "functions.f:0",
        "<function=f>", "<parameter=a>", "</parameter>", "</function>", "<![CDATA[", "]]>", "<arg_key>", "</arg_key>", "<arg_value>",
        "</arg_value>", "call:f{", "<|\"|>", "f(a=", "[f(a=1)]", " to=functions.f", "<|message|>", "<|end|>", "<|start|>assistant",
    ];

    public static TheoryData<string> Families => [.. AnswerSamples.Marks];

    [Theory]
    [MemberData(nameof(AnswerSamples.AllAnswers), MemberType = typeof(AnswerSamples))]
    public void Append_AnswerCutAnywhere_GivesTheSameMessage(string marks, string answer)
    {
        (ModelMessage message, string? warning) = Parse(marks, [answer]);
        for (int cut = 0; cut <= answer.Length; cut++)
        {
            Assert.Equal((message, warning), Parse(marks, [answer[..cut], answer[cut..]]));
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Append_FragmentsInAnyOrder_GiveTheSameMessageInAnyPieces(string marks)
    {
        var random = new Random(marks.Length);
        string[] fragments = [.. s_fragments, .. marks.Split(' '), .. marks.Split(' ')];
        for (int i = 0; i < 300; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(1, 30)).Select(_ => fragments[random.Next(fragments.Length)]));

            (ModelMessage message, string? warning) = Parse(marks, [text]);

            Assert.Equal((message, warning), Parse(marks, Pieces(text, () => 1)));
            Assert.Equal((message, warning), Parse(marks, Pieces(text, () => random.Next(1, 9))));
            Assert.DoesNotContain('\n', warning ?? "");
        }
    }

    [Theory]
    [InlineData("<tool_call>", "<tool_call>")]
    [InlineData("<tool_call><function=", "<tool_call><function=f><parameter=a>")]
    [InlineData("<|start_header_id|> \"parameters\": ", "{")]
    [InlineData("[TOOL_CALLS] [ARGS]", "[TOOL_CALLS]f[ARGS]")]
    [InlineData("<|tool_list_start|>", "<|tool_call_start|>[f(a=")]
    [InlineData("<|channel|> <|message|>", " to=functions.f<|channel|>commentary<|message|>")]
    [InlineData("Action: ```json \"tool_name\": ", "Action: ```json")]
    public void Append_LongTextWithoutEnd_BecomesContent(string marks, string start)
    {
        foreach (string unit in (string[])[start, "{", "[", "{\"a\":", "{\"", " ", "x"])
        {
            string text = start + string.Concat(Enumerable.Repeat(unit, Megabyte / 8 / unit.Length));

            (ModelMessage message, _) = Parse(marks, Pieces(text, () => 3));

            Assert.Empty(message.ToolCalls);
            Assert.NotEmpty(message.Content);
        }
    }

    [Theory]
    [InlineData("<tool_call>", "<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": \"", "\"}}</tool_call>")]
    [InlineData("<tool_call><function=", "<tool_call><function=f><parameter=a>", "</parameter></function></tool_call>")]
    [InlineData("[TOOL_CALLS] [ARGS]", "[TOOL_CALLS]f[ARGS]{\"a\": \"", "\"}")]
    [InlineData("<|tool_list_start|>", "<|tool_call_start|>[f(a=\"", "\")]<|tool_call_end|>")]
    [InlineData("<|channel|> <|message|>", " to=functions.f<|channel|>commentary<|message|>{\"a\": \"", "\"}<|call|>")]
    public void Append_MegabytesOfArguments_AreKept(string marks, string before, string after)
    {
        var value = new StringBuilder();
        for (int i = 0; value.Length < 2 * Megabyte; i++)
        {
            value.Append(i).Append(' ');
        }

        (ModelMessage message, string? warning) = Parse(marks, Pieces($"{before}{value}{after}", () => 3));

        Assert.Null(warning);
        Assert.Contains(value.ToString(), Assert.Single(message.ToolCalls).Arguments, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Pieces(string text, Func<int> size)
    {
        int length;
        for (int i = 0; i < text.Length; i += length)
        {
            length = Math.Min(size(), text.Length - i);
            yield return text.Substring(i, length);
        }
    }

    private static (ModelMessage Message, string? Warning) Parse(string marks, IEnumerable<string> pieces)
    {
        ToolCallParser parser = ToolCallParser.For(ChatTemplate.Parse($"{{# {marks} #}}"))!;
        List<AnswerPart> parts = [];
        foreach (string piece in pieces)
        {
            parts.AddRange(parser.Append(piece));
        }

        parts.AddRange(parser.Complete());
        Assert.Equal(parser.Message.Content, string.Concat(
            parts.Where(part => part.Kind == AnswerPartKind.Content).Select(part => part.Text)));
        return (parser.Message, parser.Warning);
    }
}

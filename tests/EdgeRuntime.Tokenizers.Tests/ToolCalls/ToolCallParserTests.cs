using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tokenizers.Tests.ToolCalls;

/// <summary>Answers of the template families, complete and in pieces.</summary>
public sealed class ToolCallParserTests
{
    [Theory]
    [MemberData(nameof(AnswerSamples.Answers), MemberType = typeof(AnswerSamples))]
    public void Append_WholeAnswerOrPieces_GivesTheSameStructure(
        string marks, string answer, string content, string reasoning, string calls)
    {
        foreach (int size in (int[])[answer.Length, 1, 3, 7])
        {
            (ToolCallParser parser, List<AnswerPart> parts) = Parse(marks, answer, size);

            Assert.Null(parser.Warning);
            Assert.Equal(content, parser.Message.Content);
            Assert.Equal(reasoning, parser.Message.Reasoning ?? "");
            Assert.Equal(calls, string.Join('|', parser.Message.ToolCalls.Select(call => call.Name + call.Arguments)));
            Assert.Equal(content, Join(parts, AnswerPartKind.Content));
            Assert.Equal(reasoning, Join(parts, AnswerPartKind.Reasoning));
            Assert.All(parser.Message.ToolCalls, (call, index) => Assert.Equal(
                call.Arguments, Join(parts.Where(part => part.CallIndex == index), AnswerPartKind.Arguments)));
        }
    }

    [Theory]
    [MemberData(nameof(AnswerSamples.Malformed), MemberType = typeof(AnswerSamples))]
    public void Append_MalformedCall_GivesTextAndOneWarning(string marks, string answer)
    {
        string? warning = Parse(marks, answer, answer.Length).Parser.Warning;
        Assert.NotNull(warning);
        Assert.DoesNotContain('\n', warning);
        foreach (int size in (int[])[answer.Length, 1, 3, 7])
        {
            (ToolCallParser parser, List<AnswerPart> parts) = Parse(marks, answer, size);

            Assert.Equal(warning, parser.Warning);
            Assert.Empty(parser.Message.ToolCalls);
            Assert.Equal(answer.Replace("<|python_tag|>", "", StringComparison.Ordinal).Trim(), parser.Message.Content.Trim());
            Assert.Equal(
                parts.Count(part => part.Kind == AnswerPartKind.CallStart), parts.Count(part => part.Kind == AnswerPartKind.CallDropped));
        }
    }

    [Theory]
    [InlineData("string", "\"12\"")]
    [InlineData("integer", "12")]
    public void Append_ValueWithoutQuotes_HasTheTypeOfTheSchema(string type, string value)
    {
        var tool = new ToolDefinition("f", "", "{\"properties\": {\"a\": {\"type\": \"" + type + "\"}}}");
        ToolCallParser parser = ToolCallParser.For(Template(AnswerSamples.Coder), [tool])!;
        parser.Append("<tool_call>\n<function=f>\n<parameter=a>\n12\n</parameter>\n</function>\n</tool_call>");
        parser.Complete();

        Assert.Equal($"{{\"a\": {value}}}", Assert.Single(parser.Message.ToolCalls).Arguments);
    }

    [Fact]
    public void Append_PartOfArguments_GivesThemAtOnce()
    {
        ToolCallParser parser = ToolCallParser.For(Template(AnswerSamples.Hermes))!;

        Assert.Equal(
            [new AnswerPart(AnswerPartKind.CallStart, "f", 0), new AnswerPart(AnswerPartKind.Arguments, "{\"a\": \"b", 0)],
            parser.Append("<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": \"b"));
    }

    [Fact]
    public void For_PromptEndsWithReasoningMark_StartsInReasoning()
    {
        ToolCallParser parser = ToolCallParser.For(ChatTemplate.Parse("{# </think> #}{{ messages[0].content }}<think>\n"))!;
        parser.Append("Hm</think>Hello");
        parser.Complete();

        Assert.Equal("Hm", parser.Message.Reasoning);
        Assert.Equal("Hello", parser.Message.Content);
    }

    [Fact]
    public void Message_WithReasoning_IsReadBackFromJson()
    {
        ModelMessage message = ModelMessage.Assistant("", [new ToolCall("f")]) with { Reasoning = "Hm" };

        Assert.Equal([message], ModelMessage.FromJson(ModelMessage.ToJson([message])));
        Assert.NotEqual(message, message with { Reasoning = null });
    }

    [Fact]
    public void For_TemplateWithoutMarks_ReturnsNull() => Assert.Null(ToolCallParser.For(Template("<|im_start|>")));

    [Theory]
    [InlineData("NousResearch-Hermes-3-Llama-3.1-8B-tool_use")]
    [InlineData("Qwen-Qwen2.5-7B-Instruct")]
    [InlineData("Qwen-Qwen3-0.6B")]
    [InlineData("Qwen3-Coder")]
    [InlineData("meta-llama-Llama-3.2-3B-Instruct")]
    [InlineData("mistralai-Mistral-Nemo-Instruct-2407")]
    [InlineData("Mistral-Small-3.2-24B-Instruct-2506")]
    [InlineData("mistralai-Ministral-3-14B-Reasoning-2512")]
    [InlineData("ibm-granite-granite-4.0")]
    [InlineData("openai-gpt-oss-120b")]
    [InlineData("deepseek-ai-DeepSeek-V3.1")]
    [InlineData("GLM-4.6")]
    [InlineData("google-gemma-4-31B-it")]
    [InlineData("CohereForAI-c4ai-command-r7b-12-2024-tool_use")]
    [InlineData("Apertus-8B-Instruct")]
    [InlineData("openbmb-MiniCPM5-1B")]
    [InlineData("upstage-Solar-Open-100B")]
    [InlineData("unsloth-Apriel-1.5")]
    public void Append_RenderedCall_EqualsTheCall(string name)
    {
        ChatTemplate template = ChatTemplate.Parse(
            File.ReadAllText(SharedData.Require($"conformance/chat-templates/{name}.jinja")));
        var call = new ToolCall("get_weather", """{"city": "Bern", "days": 3}""", "call00001");
        ModelMessage question = ModelMessage.User("How warm is it?");
        string prompt = template.RenderMessages([question]);
        string all = template.RenderMessages([question, ModelMessage.Assistant("", [call])], addGenerationPrompt: false);

        ToolCallParser parser = ToolCallParser.For(template)!;
        int start = all.StartsWith(prompt, StringComparison.Ordinal)
            ? prompt.Length
            : template.RenderMessages([question], addGenerationPrompt: false).Length;
        parser.Append(all[start..]);
        parser.Complete();

        Assert.Null(parser.Warning);
        ToolCall parsed = Assert.Single(parser.Message.ToolCalls);
        Assert.Equal(call.Name, parsed.Name);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(call.Arguments), JsonNode.Parse(parsed.Arguments)), parsed.Arguments);
    }

    private static ChatTemplate Template(string marks) => ChatTemplate.Parse($"{{# {marks} #}}");

    private static string Join(IEnumerable<AnswerPart> parts, AnswerPartKind kind) =>
        string.Concat(parts.Where(part => part.Kind == kind).Select(part => part.Text));

    private static (ToolCallParser Parser, List<AnswerPart> Parts) Parse(string marks, string answer, int size)
    {
        ToolCallParser parser = ToolCallParser.For(Template(marks))!;
        List<AnswerPart> parts = [];
        for (int i = 0; i < answer.Length; i += size)
        {
            parts.AddRange(parser.Append(answer.Substring(i, Math.Min(size, answer.Length - i))));
        }

        parts.AddRange(parser.Complete());
        return (parser, parts);
    }
}

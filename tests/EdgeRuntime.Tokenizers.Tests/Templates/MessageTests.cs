using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tokenizers.Tests.Templates;

/// <summary>Messages and tools as data: how they reach templates, and how they are written and read.</summary>
public sealed class MessageTests
{
    private const string Calls =
        "{% for m in messages %}{% for c in m.tool_calls or [] %}{{ c.type }} {{ c.id }} {{ c.function.name }} "
        + "ARGUMENTS{% endfor %}[{{ m.role }}|{{ m.content }}|{{ m.tool_call_id }}|{{ m.name }}]{% endfor %}";

    private static readonly ModelMessage[] s_conversation =
    [
        ModelMessage.User("How warm is it?"),
        ModelMessage.Assistant("", [new ToolCall("weather", """{"city": "Bern", "days": 2}""", "call00001"), new ToolCall("clock")]),
        ModelMessage.Tool("""{"celsius": 21}""", "call00001", "weather"),
    ];

    // The time at which the reference was made.
    private static readonly DateTimeOffset s_now = new(2024, 7, 26, 9, 5, 0, TimeSpan.Zero);

    public static TheoryData<string, string> CasesWithTools()
    {
        var rows = new TheoryData<string, string>();
        foreach (JsonNode? expected in Load()["expected"]!.AsArray())
        {
            if (((string)expected!["case"]!).StartsWith("tool", StringComparison.Ordinal))
            {
                rows.Add((string)expected["template"]!, (string)expected["case"]!);
            }
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(CasesWithTools))]
    public void ToVariables_PublishedTemplate_RendersWhatJinja2Gives(string name, string @case)
    {
        ChatTemplate template = ChatTemplate.Parse(File.ReadAllText(SharedData.Require("conformance/chat-templates/" + name)));
        JsonObject file = Load();
        JsonNode conversation = file["cases"]![@case]!;
        JsonObject variables = template.ToVariables(
            ModelMessage.FromJson(conversation["messages"]!.ToJsonString()), Tools(conversation["tools"]!.AsArray()), true);
        foreach (KeyValuePair<string, JsonNode?> global in file["globals"]!.AsObject())
        {
            variables[global.Key] = global.Value!.DeepClone();
        }

        JsonNode expected = file["expected"]!.AsArray().Single(
            result => (string)result!["template"]! == name && (string)result["case"]! == @case)!;
        if (((string?)expected["error"])?.Contains("(not \"dict\")", StringComparison.Ordinal) == true)
        {
            // The reference was given a mapping, which this template can't take.
            Assert.Contains("{\"city\":\"Paris\",\"unit\":\"c\"}", template.Render(variables, s_now), StringComparison.Ordinal);
            return;
        }

        ChatTemplateException? error = null;
        string? output = null;
        try
        {
            output = template.Render(variables, s_now);
        }
        catch (ChatTemplateException e)
        {
            error = e;
        }

        Assert.Equal((string?)expected["output"], output);
        Assert.Equal((string?)expected["error"], error?.Reason);
    }

    [Theory]
    [InlineData("{{ c.function.arguments|tojson }}", """{"city": "Bern", "days": 2}""", "{}")]
    [InlineData("{% for k, v in c.function.arguments|items %}{{ k ~ '=' ~ v ~ ';' }}{% endfor %}", "city=Bern;days=2;", "")]
    [InlineData("{{ '<' + c.function.arguments + '>' }}", """<{"city": "Bern", "days": 2}>""", "<{}>")]
    [InlineData("{{ c.function.arguments }}", """{"city": "Bern", "days": 2}""", "{}")]
    public void RenderMessages_ToolCalls_GivesArgumentsAsTheTemplateExpectsThem(string use, string first, string second)
    {
        ChatTemplate template = ChatTemplate.Parse(Calls.Replace("ARGUMENTS", use, StringComparison.Ordinal));
        Assert.Equal(
            "[user|How warm is it?||]"
            + $"function call00001 weather {first}function  clock {second}[assistant|||]"
            + """[tool|{"celsius": 21}|call00001|weather]""",
            template.RenderMessages(s_conversation));
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[1]")]
    [InlineData("""{"a": 1, "a": 2}""")]
    [InlineData("""{"a": "\ud800"}""")]
    [InlineData("""{"\ud800": 1}""")]
    [InlineData("")]
    public void RenderMessages_ArgumentsThatAreNoObject_AreText(string arguments)
    {
        ChatTemplate template = ChatTemplate.Parse(Calls.Replace(
            "ARGUMENTS", "{{ c.function.arguments if c.function.arguments is string else 'mapping' }}", StringComparison.Ordinal));
        string text = template.RenderMessages([ModelMessage.Assistant("", [new ToolCall("f", arguments)])]);
        Assert.Equal($"function  f {arguments}[assistant|||]", text);
    }

    [Fact]
    public void RenderMessages_Tools_AreAListOfFunctions()
    {
        ChatTemplate template = ChatTemplate.Parse("{{ tools|tojson }}");
        Assert.True(template.SupportsTools);
        Assert.False(ChatTemplate.Parse("{{ messages[0].content }}").SupportsTools);
        Assert.Equal(
            """[{"type": "function", "function": {"name": "f", "description": "does", "parameters": {"type": "object"}}}, """
            + """{"type": "function", "function": {"name": "g", "description": "", "parameters": {"type": "object", "properties": {}}}}]""",
            template.RenderMessages([], [new ToolDefinition("f", "does", """{"type":"object"}"""), new ToolDefinition("g")]));
        Assert.Equal("undefined", ChatTemplate.Parse("{{ 'list' if tools is defined else 'undefined' }}").RenderMessages([], []));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("nothing")]
    [InlineData("""{"a":1,"a":1}""")]
    public void ToolDefinition_ParametersThatAreNoSchema_AreRefused(string parameters)
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => new ToolDefinition("f", "", parameters));
        Assert.StartsWith("tool f: the parameters are not a JSON schema: ", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void FromJson_OfToJson_GivesEqualMessages()
    {
        ModelMessage[] messages = [ModelMessage.System("Grüße 🙂 <b>"), .. s_conversation];
        string json = ModelMessage.ToJson(messages);
        Assert.Contains("Grüße", json, StringComparison.Ordinal);
        IReadOnlyList<ModelMessage> read = ModelMessage.FromJson(json);
        Assert.Equal(messages, read);
        Assert.Equal(messages.Select(message => message.GetHashCode()), read.Select(message => message.GetHashCode()));
        Assert.NotEqual(messages[2], messages[2] with { ToolCalls = [] });
        Assert.Equal(
            """[{"role":"assistant","content":"","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]}]""",
            ModelMessage.ToJson([ModelMessage.Assistant("", [new ToolCall("f", id: "1")])]));
    }

    [Fact]
    public void FromJson_OtherProgramsJson_IsRead()
    {
        ModelMessage message = Assert.Single(ModelMessage.FromJson(
            """[{"role":"assistant","content":null,"refusal":null,"tool_calls":[{"function":{"name":"f","arguments":{"a":[1]}}}]}]"""));
        Assert.Equal(ModelMessage.Assistant("", [new ToolCall("f", """{"a":[1]}""")]), message);
    }

    [Theory]
    [InlineData("nothing", "")]
    [InlineData("null", "a list of messages")]
    [InlineData("{}", "")]
    [InlineData("[null]", "messages[0]: a message without \"role\"")]
    [InlineData("""[{"role":"user","content":"a"},{"role":"usr","content":"a"}]""", "messages[1]: the role is \"usr\", expected one of")]
    [InlineData("""[{"role":"user"}]""", "messages[0]: a message without \"content\"")]
    [InlineData("""[{"role":"user","content":["a"]}]""", "$[0].content")]
    [InlineData("""[{"role":"user","role":"system","content":""}]""", "role")]
    [InlineData("""[{"role":"user","content":"\ud800"}]""", "")]
    [InlineData("""[{"role":"assistant","tool_calls":[{"type":"code"}]}]""", "messages[0].tool_calls[0]: the type is \"code\"")]
    [InlineData("""[{"role":"assistant","tool_calls":[null]}]""", "messages[0].tool_calls[0]: a tool call without")]
    public void FromJson_OfSomethingElse_SaysWhereInOneLine(string json, string expected)
    {
        FormatException error = Assert.Throws<FormatException>(() => ModelMessage.FromJson(json));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    private static ToolDefinition[] Tools(JsonArray tools) =>
    [
        .. tools.Select(tool => tool!["function"]!).Select(function => new ToolDefinition(
            (string)function["name"]!, (string)function["description"]!, function["parameters"]!.ToJsonString())),
    ];

    private static JsonObject Load() =>
        JsonNode.Parse(File.ReadAllText(SharedData.Require("conformance/chat-templates/cases.json")))!.AsObject();
}

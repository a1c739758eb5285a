using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.AI;
using Xunit;

namespace EdgeRuntime.Extensions.AI.Tests;

/// <summary>Tool calls and reasoning, in requests and in responses.</summary>
public sealed class ToolTests
{
    private const string Call = "<tool_call>{\"name\": \"weather\", \"arguments\": {\"city\": \"Bern\"}}</tool_call>";

    private static readonly AIFunction s_tool = AIFunctionFactory.Create((string city) => $"21 degrees in {city}", "weather");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task UseFunctionInvocation_CallOfTheModel_RunsTheFunctionAndAnswers()
    {
        using var scripted = new ScriptedModel();
        using IChatClient client = scripted.Model.AsChatClient().AsBuilder().UseFunctionInvocation().Build();
        scripted.Answer($"<think>Look it up.</think>Let me look. {Call}", "It is warm.");

        ChatResponse response = await client.GetResponseAsync("How warm?", new() { Tools = [s_tool] }, Cancel);

        Assert.Equal([ChatRole.Assistant, ChatRole.Tool, ChatRole.Assistant], response.Messages.Select(message => message.Role));
        Assert.Equal("Look it up.", Assert.Single(Contents<TextReasoningContent>(response)).Text);
        FunctionCallContent call = Assert.Single(Contents<FunctionCallContent>(response));
        Assert.Equal(("weather", "Bern"), (call.Name, $"{call.Arguments!["city"]}"));
        FunctionResultContent result = Assert.Single(Contents<FunctionResultContent>(response));
        Assert.Equal((call.CallId, "21 degrees in Bern"), (result.CallId, $"{result.Result}"));
        Assert.Equal((ChatFinishReason.Stop, "It is warm."), (response.FinishReason, response.Messages[^1].Text));
        string prompt = "<weather city>[user:How warm?][assistant:(Look it up.)Let me look.!weather(Bern)][tool:21 degrees in Bern]";
        GenerationResult last = Assert.IsType<GenerationResult>(response.RawRepresentation);
        Assert.Equal(ScriptedModel.CountPrompt(prompt), last.Usage.PromptTokens);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("{\"n")] // held back inside of the call
    [InlineData("END")]
    public async Task GetStreamingResponseAsync_CallsBetweenText_ComeWhenTheyAreComplete(string? stop)
    {
        using var scripted = new ScriptedModel();
        using IChatClient client = scripted.Model.AsChatClient();
        scripted.Answer($"<think>Hm.</think>E {Call}{Call}END not");
        var options = new ChatOptions { Tools = [s_tool], StopSequences = stop is null ? null : [stop] };
        List<AIContent> contents = [];
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("How warm?", options, Cancel))
        {
            contents.AddRange(update.Contents);
        }

        int calls = stop == "{\"n" ? 0 : 2;
        string text = stop switch { null => "E END not", "END" => "E", _ => "E <tool_call>" };
        Assert.Equal(text, string.Concat(contents.OfType<TextContent>()).Trim());
        Assert.Equal("Hm.", string.Concat(contents.OfType<TextReasoningContent>()));
        Assert.Equal(calls, contents.OfType<FunctionCallContent>().Select(call => call.CallId).Distinct().Count());
        Assert.True(calls == 0 || contents.FindIndex(content => content is FunctionCallContent) < contents.Count - 2);
    }

    [Fact]
    public async Task GetResponseAsync_OneCallAllowed_EndsTheAnswerAfterIt()
    {
        using var scripted = new ScriptedModel();
        using IChatClient client = scripted.Model.AsChatClient();
        scripted.Answer(Call + Call);
        ChatResponse response = await client.GetResponseAsync(
            "How warm?", new() { Tools = [s_tool], AllowMultipleToolCalls = false }, Cancel);
        Assert.Single(Contents<FunctionCallContent>(response));
        Assert.Equal((ChatFinishReason.ToolCalls, ""), (response.FinishReason, response.Text));
    }

    [Fact]
    public async Task GetResponseAsync_ReasoningOutputNone_OmitsTheReasoning()
    {
        using var scripted = new ScriptedModel();
        using IChatClient client = scripted.Model.AsChatClient();
        scripted.Answer("<think>Hm.</think>Yes.");
        ChatResponse response = await client.GetResponseAsync("a", new() { Reasoning = new() { Output = ReasoningOutput.None } }, Cancel);
        Assert.Equal("Yes.", response.Text);
        Assert.Empty(Contents<TextReasoningContent>(response));
    }

    [Fact]
    public async Task GetResponseAsync_MalformedCall_StaysText()
    {
        using var scripted = new ScriptedModel();
        using IChatClient client = scripted.Model.AsChatClient();
        scripted.Answer("<tool_call>{\"name\": 3}</tool_call>");
        ChatResponse response = await client.GetResponseAsync("a", new() { Tools = [s_tool] }, Cancel);
        Assert.Equal((ChatFinishReason.Stop, "<tool_call>{\"name\": 3}</tool_call>"), (response.FinishReason, response.Text));
    }

    [Fact]
    public async Task GetResponseAsync_ResultsOfTools_AreMessagesOfTheirOwn()
    {
        using var scripted = new ScriptedModel();
        using IChatClient client = scripted.Model.AsChatClient();
        using JsonDocument json = JsonDocument.Parse("""{"a":[1,"é"]}""");
        object?[] results = ["21", json.RootElement, null, new TextContent("sunny"), true];
        ChatMessage[] messages =
        [
            new(ChatRole.User, "How warm?"),
            new(ChatRole.Assistant, [new FunctionCallContent("1", "weather", new Dictionary<string, object?> { ["city"] = "Bern" })]),
            new(ChatRole.Tool, [.. results.Select(result => new FunctionResultContent("1", result))]),
        ];

        ChatResponse response = await client.GetResponseAsync(messages, new() { MaxOutputTokens = 1 }, Cancel);

        const string expected =
            "[user:How warm?][assistant:!weather(Bern)][tool:21][tool:{\"a\":[1,\"é\"]}][tool:null][tool:sunny][tool:true]";
        Assert.Equal(ScriptedModel.CountPrompt(expected), response.Usage!.InputTokenCount);
        messages[^1] = new(ChatRole.Tool, [new FunctionResultContent("1", new DataContent(new byte[] { 1 }, "image/png"))]);
        await Assert.ThrowsAsync<NotSupportedException>(() => client.GetResponseAsync(messages, cancellationToken: Cancel));
    }

    private static IEnumerable<T> Contents<T>(ChatResponse response) =>
        response.Messages.SelectMany(message => message.Contents).OfType<T>();
}

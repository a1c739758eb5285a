using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Engine;
using EdgeRuntime.Fakes;
using EdgeRuntime.TestSupport;
using Microsoft.Extensions.AI;
using Xunit;

namespace EdgeRuntime.Examples.Tests;

/// <summary>The adapter to Microsoft.Extensions.AI, which is an example of the documentation.</summary>
public sealed class EdgeChatClientTests
{
    private const string Template =
        "{% for t in tools or [] %}<{{ t.function.name }} {{ t.function.parameters.properties|list|join(',') }}>{% endfor %}"
        + "{% for m in messages %}[{{ m.role }}:{{ m.content }}{% for c in m.tool_calls or [] %}!{{ c.function.name }}"
        + "({{ c.function.arguments.city }}){% endfor %}]{% endfor %}";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task GetResponseAsync_HistoryAndOptions_AnswersWithUsageAndReason()
    {
        using LanguageModel model = LanguageModel.Load(TestModels.SmolLm);
        using var client = new EdgeChatClient(model);
        var options = new ChatOptions { Temperature = 0, MaxOutputTokens = 8, Instructions = "Answer in one sentence." };
        List<ChatMessage> history = [new(ChatRole.User, "Name the three primary colours.")];

        ChatResponse first = await client.GetResponseAsync(history, options, Cancel);
        history.AddMessages(first);
        history.Add(new(ChatRole.User, "And the capital of France?"));
        ChatResponse second = await client.GetResponseAsync(history, options, Cancel);

        Assert.StartsWith("The three primary", first.Text, StringComparison.Ordinal);
        Assert.Equal((ChatFinishReason.Length, 8), (first.FinishReason, first.Usage!.OutputTokenCount));
        Assert.True(second.Usage!.InputTokenCount > first.Usage.InputTokenCount + 8);
        options.StopSequences = ["primary"];
        ChatResponse stopped = await client.GetResponseAsync(history[..1], options, Cancel);
        Assert.Equal((ChatFinishReason.Stop, "The three "), (stopped.FinishReason, stopped.Text));
    }

    [Fact]
    public async Task GetStreamingResponseAsync_TextOfUpdates_IsThatOfTheResponse()
    {
        using LanguageModel model = Create();
        using var client = new EdgeChatClient(model);
        var options = new ChatOptions { Seed = 3, Temperature = 1, TopP = 0.9f, MaxOutputTokens = 12 };
        ChatMessage[] messages = [new(ChatRole.User, "a")];
        List<ChatResponseUpdate> updates = [];
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(messages, options, Cancel))
        {
            updates.Add(update);
        }

        ChatResponse response = await client.GetResponseAsync(messages, options, Cancel);
        Assert.Equal(response.Text, string.Concat(updates.Select(update => update.Text)));
        Assert.True(updates.Count > 3);
        options.Seed = 4;
        ChatResponse other = await client.GetResponseAsync(messages, options, Cancel);
        Assert.NotEqual(response.Text, other.Text);
    }

    [Fact]
    public async Task GetResponseAsync_Tools_ReachTheTemplate()
    {
        using LanguageModel model = Create();
        using var client = new EdgeChatClient(model);
        AIFunctionDeclaration tool = AIFunctionFactory.CreateDeclaration(
            "weather", "Tells the weather", JsonDocument.Parse("""{"type":"object","properties":{"city":{}}}""").RootElement);
        ChatMessage[] messages =
        [
            new(ChatRole.User, "How warm?"),
            new(ChatRole.Assistant, [new FunctionCallContent("1", "weather", new Dictionary<string, object?> { ["city"] = "Bern" })]),
            new(ChatRole.Tool, [new FunctionResultContent("1", "21"), new FunctionResultContent("2", "sunny")]),
        ];

        ChatResponse response = await client.GetResponseAsync(messages, new ChatOptions { Tools = [tool], MaxOutputTokens = 1 }, Cancel);

        const string expected = "<weather city>[user:How warm?][assistant:!weather(Bern)][tool:21][tool:sunny]";
        Assert.Equal(FakeTokenizer.Ids(expected).Length, response.Usage!.InputTokenCount - 1);
    }

    [Fact]
    public async Task GetResponseAsync_CallOfATool_IsContentThatTheNextRequestAnswers()
    {
        var engine = new FakeEngine(FakeTokenizer.VocabularySizeOf, 2048, StateAbilities.Truncate);
        using LanguageModel model = LanguageModel.Create(
            engine, new FakeTokenizer(), ChatTemplate.Parse("{# <tool_call> #}" + Template));
        string call = "Look. <tool_call>{\"name\": \"weather\", \"arguments\": {\"city\": \"Bern\"}}</tool_call>";
        foreach (int id in (int[])[.. FakeTokenizer.Ids(call), 1, .. FakeTokenizer.Ids("Warm."), 1])
        {
            engine.Script.Enqueue(id);
        }

        using var client = new EdgeChatClient(model);
        AIFunction tool = AIFunctionFactory.Create((string city) => $"21 degrees in {city}", "weather");
        var options = new ChatOptions { Tools = [tool] };
        List<ChatMessage> history = [new(ChatRole.User, "How warm?")];

        ChatResponse response = await client.GetResponseAsync(history, options, Cancel);
        FunctionCallContent called = Assert.Single(response.Messages[0].Contents.OfType<FunctionCallContent>());
        history.AddMessages(response);
        history.Add(new(ChatRole.Tool, [new FunctionResultContent(called.CallId, "21 degrees")]));
        ChatResponse second = await client.GetResponseAsync(history, options, Cancel);

        Assert.Equal((ChatFinishReason.ToolCalls, "Look."), (response.FinishReason, response.Text));
        Assert.Equal(("weather", "Bern"), (called.Name, $"{called.Arguments!["city"]}"));
        Assert.Equal((ChatFinishReason.Stop, "Warm."), (second.FinishReason, second.Text));
    }

    [Fact]
    public async Task GetResponseAsync_ManyAtOnce_AllAnswer()
    {
        using LanguageModel model = Create();
        using var client = new EdgeChatClient(model);
        var options = new ChatOptions { Temperature = 0, MaxOutputTokens = 5 };
        ChatResponse[] responses = await Task.WhenAll(Enumerable.Range(0, 8).Select(
            i => Task.Run(() => client.GetResponseAsync([new ChatMessage(ChatRole.User, $"{i % 2}")], options, Cancel))));
        Assert.Equal(2, responses.Select(response => response.Text).Distinct().Count());
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => client.GetResponseAsync([new ChatMessage(ChatRole.User, "a")], options, cancelled.Token));
        Assert.NotEmpty((await client.GetResponseAsync([new ChatMessage(ChatRole.User, "a")], options, Cancel)).Text);
    }

    private static LanguageModel Create() => LanguageModel.Create(
        new FakeEngine(FakeTokenizer.VocabularySizeOf, 512, StateAbilities.Truncate), new FakeTokenizer(), ChatTemplate.Parse(Template));
}

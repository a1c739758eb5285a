using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.TestSupport;
using Microsoft.Extensions.AI;
using Xunit;

namespace EdgeRuntime.Extensions.AI.Tests;

/// <summary>Answers of a chat client: text, usage, reasons, cancellation, sessions.</summary>
public sealed class ChatClientTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task GetResponseAsync_RealModel_AnswersWithUsageAndReason()
    {
        using LanguageModel model = LanguageModel.Load(TestModels.SmolLm);
        using IChatClient client = model.AsChatClient();
        var options = new ChatOptions { Temperature = 0, MaxOutputTokens = 8, Instructions = "Answer in one sentence." };
        List<ChatMessage> history = [new(ChatRole.User, "Name the three primary colours.")];

        ChatResponse first = await client.GetResponseAsync(history, options, Cancel);
        history.AddMessages(first);
        history.Add(new(ChatRole.User, "And the capital of France?"));
        ChatResponse second = await client.GetResponseAsync(history, options, Cancel);

        Assert.StartsWith("The three primary", first.Text, StringComparison.Ordinal);
        Assert.Equal((ChatFinishReason.Length, 8), (first.FinishReason, first.Usage!.OutputTokenCount));
        long known = first.Usage.InputTokenCount!.Value + 7; // the last token of an answer is not computed
        Assert.True(second.Usage!.CachedInputTokenCount >= known, $"{second.Usage.CachedInputTokenCount} of {known} tokens reused");
        options.StopSequences = ["primary"];
        ChatResponse stopped = await client.GetResponseAsync(history[..1], options, Cancel);
        Assert.Equal((ChatFinishReason.Stop, "The three "), (stopped.FinishReason, stopped.Text));
    }

    [Fact]
    public async Task GetStreamingResponseAsync_Updates_AreThoseOfOneResponse()
    {
        using var scripted = new ScriptedModel();
        using IChatClient client = scripted.Model.AsChatClient();
        scripted.Answer("Grüezi.", "Grüezi.");
        List<ChatResponseUpdate> updates = await client.GetStreamingResponseAsync("Hi", cancellationToken: Cancel).ToListAsync(Cancel);

        Assert.Equal("Grüezi.", string.Concat(updates));
        Assert.True(updates.Count > 3);
        Assert.Single(updates.Select(update => (update.ResponseId, update.MessageId, update.CreatedAt)).Distinct());
        Assert.All(updates, update => Assert.Equal((ChatRole.Assistant, "scripted"), (update.Role!.Value, update.ModelId)));
        Assert.Equal(ChatFinishReason.Stop, updates[^1].FinishReason);
        ChatResponse whole = await client.GetResponseAsync("Hi", cancellationToken: Cancel);
        Assert.Equal(("Grüezi.", "scripted"), (whole.Text, whole.ModelId));
        Assert.IsType<GenerationResult>(whole.RawRepresentation);
        long input = ScriptedModel.CountPrompt("[user:Hi]");
        long output = ScriptedModel.Count("Grüezi.") + 1;
        UsageDetails usage = whole.Usage!;
        Assert.Equal((input, output, input + output), (usage.InputTokenCount, usage.OutputTokenCount, usage.TotalTokenCount));
    }

    [Fact]
    public async Task GetResponseAsync_InstructionsAndSystemMessage_AreOneSystemMessage()
    {
        using var scripted = new ScriptedModel();
        using IChatClient client = scripted.Model.AsChatClient();
        ChatMessage[] messages = [new(ChatRole.System, "B"), new(ChatRole.User, [new TextContent("c"), new TextContent("d")])];
        ChatResponse response = await client.GetResponseAsync(messages, new() { Instructions = "A", MaxOutputTokens = 1 }, Cancel);
        Assert.Equal(ScriptedModel.CountPrompt("[system:A\n\nB][user:cd]"), response.Usage!.InputTokenCount);
    }

    [Fact]
    public async Task GetResponseAsync_TwoConversationsInTurn_ReuseTheirOwnTokens()
    {
        using var scripted = new ScriptedModel();
        using IChatClient client = scripted.Model.AsChatClient(new() { MaxSessions = 2 });
        List<ChatMessage>[] conversations = [[new(ChatRole.User, "first")], [new(ChatRole.User, "second")]];
        for (int turn = 0; turn < 3; turn++)
        {
            foreach (List<ChatMessage> conversation in conversations)
            {
                int before = scripted.Engine.Computed;
                scripted.Answer("Yes.");
                ChatResponse response = await client.GetResponseAsync(conversation, cancellationToken: Cancel);
                int known = turn == 0 ? 0 : ScriptedModel.CountPrompt("[user:first]") + ScriptedModel.Count("Yes.");
                Assert.True(response.Usage!.CachedInputTokenCount >= known, $"turn {turn}: {response.Usage.CachedInputTokenCount} reused");
                Assert.Equal(response.Usage.TotalTokenCount - response.Usage.CachedInputTokenCount - 1, scripted.Engine.Computed - before);
                conversation.AddMessages(response);
                conversation.Add(new(ChatRole.User, "more"));
            }
        }

        Assert.Equal(2, scripted.Engine.States);
    }

    [Fact]
    public async Task GetResponseAsync_ThirdConversation_TakesTheSessionThatIsUnusedLongest()
    {
        using var scripted = new ScriptedModel();
        using IChatClient client = scripted.Model.AsChatClient(new() { MaxSessions = 2 });
        foreach (string text in (string[])["aaaa", "bbbb", "aaaa", "cccc", "aaaa"])
        {
            scripted.Answer("Yes.");
            ChatResponse response = await client.GetResponseAsync(text, cancellationToken: Cancel);
            bool isKnown = text == "aaaa" && scripted.Engine.States == 2;
            Assert.Equal(isKnown, response.Usage!.CachedInputTokenCount >= ScriptedModel.Count("[user:aaaa"));
        }
    }

    [Fact]
    public async Task GetResponseAsync_ManyAtOnce_AllAnswerTheirOwnMessages()
    {
        using var scripted = new ScriptedModel();
        using IChatClient client = scripted.Model.AsChatClient();
        var options = new ChatOptions { Temperature = 0, MaxOutputTokens = 5 };
        ChatResponse[] responses = await Task.WhenAll(Enumerable.Range(0, 12).Select(
            i => Task.Run(() => client.GetResponseAsync(new string('a', i), options, Cancel))));
        for (int i = 0; i < responses.Length; i++)
        {
            Assert.Equal(ScriptedModel.CountPrompt($"[user:{new string('a', i)}]"), responses[i].Usage!.InputTokenCount);
            Assert.Equal(responses[0].Text, responses[i].Text); // the prompts have the same end, and the engine reads three tokens
        }

        Assert.InRange(scripted.Engine.States, 1, 4);
    }

    [Fact]
    public async Task GetStreamingResponseAsync_CancelledOrLeft_FreesItsSession()
    {
        using var scripted = new ScriptedModel();
        using IChatClient client = scripted.Model.AsChatClient(new() { MaxSessions = 1 });
        using var source = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (ChatResponseUpdate _ in client.GetStreamingResponseAsync("a", cancellationToken: source.Token))
            {
                await source.CancelAsync();
            }
        });
        await foreach (ChatResponseUpdate _ in client.GetStreamingResponseAsync("a", cancellationToken: Cancel))
        {
            break;
        }

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.GetResponseAsync("a", cancellationToken: source.Token));
        Assert.NotEmpty((await client.GetResponseAsync("a", new() { MaxOutputTokens = 3, Temperature = 0 }, Cancel)).Text);
    }

    [Fact]
    public async Task Dispose_Client_FreesSessionsAndLeavesTheModel()
    {
        using var scripted = new ScriptedModel();
        IChatClient client = scripted.Model.AsChatClient();
        await client.GetResponseAsync("a", new() { MaxOutputTokens = 1 }, Cancel);
        client.Dispose();
        client.Dispose();
        Assert.Equal((0, false), (scripted.Engine.States, scripted.Engine.IsDisposed));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.GetResponseAsync("a", cancellationToken: Cancel));
    }

    [Fact]
    public async Task GetResponseAsync_PromptLongerThanTheContext_NamesBothLengths()
    {
        using var scripted = new ScriptedModel();
        using IChatClient client = scripted.Model.AsChatClient(new() { Session = new() { ContextLength = 32 } });
        await Assert.ThrowsAsync<ContextFullException>(() => client.GetResponseAsync(new string('a', 40), cancellationToken: Cancel));
        scripted.Answer(new string('b', 40));
        ChatResponse response = await client.GetResponseAsync("a", new() { Temperature = 0 }, Cancel);
        Assert.Equal(ChatFinishReason.Length, response.FinishReason);
        Assert.Equal(FinishReason.ContextFull, Assert.IsType<GenerationResult>(response.RawRepresentation).FinishReason);
    }

    [Fact]
    public void GetService_OfAClient_GivesMetadataModelAndItself()
    {
        using var scripted = new ScriptedModel();
        using IChatClient client = scripted.Model.AsChatClient();
        ChatClientMetadata metadata = client.GetRequiredService<ChatClientMetadata>();
        Assert.Equal(("edgeruntime", "scripted"), (metadata.ProviderName, metadata.DefaultModelId));
        Assert.Same(scripted.Model, client.GetService<LanguageModel>());
        Assert.Same(client, client.GetService<IChatClient>());
        Assert.Null(client.GetService<string>());
        Assert.Null(client.GetService<LanguageModel>("key"));
    }
}

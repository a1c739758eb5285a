using System;
using System.Collections.Generic;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.AI;
using Xunit;

namespace EdgeRuntime.Extensions.AI.Tests;

/// <summary>The options of a request: each is honoured, or refused by name.</summary>
public sealed class ChatOptionsTests
{
    private static readonly AIFunction s_tool = AIFunctionFactory.Create((string city) => $"warm in {city}", "weather");

    private static readonly Dictionary<string, ChatOptions> s_refused = new()
    {
        ["ModelId is \"other\""] = new() { ModelId = "other" },
        ["ConversationId"] = new() { ConversationId = "1" },
        ["ResponseFormat"] = new() { ResponseFormat = ChatResponseFormat.Json },
        ["Reasoning.Effort"] = new() { Reasoning = new() { Effort = ReasoningEffort.Low } },
        ["Reasoning.Output"] = new() { Reasoning = new() { Output = ReasoningOutput.Summary } },
        ["ToolMode"] = new() { Tools = [s_tool], ToolMode = ChatToolMode.RequireAny },
        ["HostedWebSearchTool"] = new() { Tools = [new HostedWebSearchTool()] },
        ["\"mirostat\"; known are: min_p"] = new() { AdditionalProperties = new() { ["mirostat"] = 2 } },
        ["[\"min_p\"] is high; expected a number"] = new() { AdditionalProperties = new() { ["min_p"] = "high" } },
        ["[\"repeat_last_n\"] is 0.5; expected an integer"] = new() { AdditionalProperties = new() { ["repeat_last_n"] = 0.5 } },
        ["MinP is 2"] = new() { AdditionalProperties = new() { ["min_p"] = 2 } },
        ["Temperature is -1"] = new() { Temperature = -1 },
        ["TopP is 2"] = new() { TopP = 2 },
        ["TopK is -1"] = new() { TopK = -1 },
        ["MaxTokens is -1"] = new() { MaxOutputTokens = -1 },
        ["StopSequences[0]"] = new() { StopSequences = [""] },
        ["RawRepresentationFactory returned a String"] = new() { RawRepresentationFactory = _ => "raw" },
    };

    public static TheoryData<string> Refused => [.. s_refused.Keys];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task GetResponseAsync_OptionThatIsNotHonoured_IsRefusedByName(string name)
    {
        using var scripted = new ScriptedModel();
        using IChatClient client = scripted.Model.AsChatClient();
        Exception error = await Assert.ThrowsAnyAsync<Exception>(() => client.GetResponseAsync("a", s_refused[name], Cancel));
        Assert.True(error is ArgumentException or NotSupportedException, $"{error}");
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Equal(0, scripted.Engine.Computed);
    }

    [Theory]
    [InlineData("{{ messages[0].content }}", "does not describe tools")]
    [InlineData("{{ tools }}{{ messages[0].content }}", "no known marks")]
    public async Task GetResponseAsync_ToolsThatTheTemplateDoesNotKnow_AreRefused(string template, string reason)
    {
        using var scripted = new ScriptedModel(template);
        using IChatClient client = scripted.Model.AsChatClient();
        var options = new ChatOptions { Tools = [s_tool] };
        NotSupportedException error = await Assert.ThrowsAsync<NotSupportedException>(() => client.GetResponseAsync("a", options, Cancel));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        options.ToolMode = ChatToolMode.None;
        options.MaxOutputTokens = 1;
        Assert.NotNull(await client.GetResponseAsync("a", options, Cancel));
    }

    [Fact]
    public async Task GetResponseAsync_ContentOtherThanText_IsRefused()
    {
        using var scripted = new ScriptedModel();
        using IChatClient client = scripted.Model.AsChatClient();
        ChatMessage image = new(ChatRole.User, [new DataContent(new byte[] { 1 }, "image/png")]);
        NotSupportedException error = await Assert.ThrowsAsync<NotSupportedException>(
            () => client.GetResponseAsync(image, cancellationToken: Cancel));
        Assert.Contains("message 0 (user) has a DataContent", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidOperationException>(() => client.GetResponseAsync([], cancellationToken: Cancel));
        await Assert.ThrowsAsync<ArgumentException>(
            () => client.GetResponseAsync(new ChatMessage(new ChatRole("king"), "a"), cancellationToken: Cancel));
    }

    [Fact]
    public async Task GetResponseAsync_Settings_ReachTheSampler()
    {
        using var scripted = new ScriptedModel();
        using IChatClient client = scripted.Model.AsChatClient(new() { Generation = new() { MaxTokens = 4, Seed = 3 } });
        Task<ChatResponse> Ask(ChatOptions? options = null) => client.GetResponseAsync("a", options, Cancel);

        string text = (await Ask()).Text;
        Assert.Equal(text, (await Ask(new() { Seed = 3 })).Text);
        Assert.NotEqual(text, (await Ask(new() { Seed = 4 })).Text);
        string greedy = (await Ask(new() { Temperature = 0 })).Text;
        Assert.Equal(greedy, (await Ask(new() { TopK = 1 })).Text);
        Assert.Equal(greedy, (await Ask(new() { TopP = 0 })).Text);
        using JsonDocument json = JsonDocument.Parse("1");
        Assert.Equal(greedy, (await Ask(new() { AdditionalProperties = new() { ["min_p"] = json.RootElement } })).Text);
        Assert.Equal(4, (await Ask()).Usage!.OutputTokenCount);
        Assert.Equal(2, (await Ask(new() { MaxOutputTokens = 2 })).Usage!.OutputTokenCount);
        GenerationOptions raw = new() { MaxTokens = 9, LogitBias = new Dictionary<int, float> { ['x' + 2] = 1000 } };
        Assert.Equal("xxx", (await Ask(new() { RawRepresentationFactory = _ => raw, MaxOutputTokens = 3 })).Text);
    }

    [Fact]
    public void AsChatClient_WrongOptions_AreRefusedAtOnce()
    {
        using var scripted = new ScriptedModel();
        Assert.Throws<ArgumentOutOfRangeException>(() => new ModelChatClientOptions { MaxSessions = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(
            () => scripted.Model.AsChatClient(new() { Session = new() { ContextLength = 1_000_000 } }));
        using ModelSession draft = scripted.Model.CreateSession();
        Assert.Throws<ArgumentException>(() => scripted.Model.AsChatClient(new() { Generation = new() { DraftSession = draft } }));
    }
}

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading;
using EdgeRuntime.Engine;
using EdgeRuntime.Generation;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tests.Generation;

/// <summary>Conversations with the bundled model.</summary>
public sealed class ChatSessionTests(SmolLmFixture fixture) : IClassFixture<SmolLmFixture>
{
    // With this system message the greedy answers have margins that no rounding closes.
    private const string Terse = "You are a terse assistant. Answer in one short sentence.";

    private static readonly GenerationOptions Greedy = new() { Temperature = 0, MaxTokens = 14 };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Encode_GoldenConversations_GivesThePromptsIds()
    {
        string file = SharedData.Require("models/SmolLM2-135M-Instruct-Q4_1.golden.json");
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(file));
        foreach (JsonElement conversation in golden.RootElement.EnumerateArray())
        {
            ModelMessage[] messages =
            [
                .. conversation.GetProperty("messages").EnumerateArray()
                    .Select(m => new ModelMessage(m.GetProperty("role").GetString()!, m.GetProperty("content").GetString()!)),
            ];
            int[] expected = [.. conversation.GetProperty("prompt_ids").EnumerateArray().Select(id => id.GetInt32())];
            Assert.Equal(expected, new ChatPrompt(fixture.Model.Tokenizer, fixture.Model.ChatTemplate).Encode(messages));
        }
    }

    [Fact]
    public void Send_ThreeTurns_ComputesOnlyWhatIsNew()
    {
        using ModelSession session = fixture.Model.CreateSession();
        ChatSession chat = new(session, Greedy with { Temperature = 0.8f, Seed = 3 });
        string[] questions = ["What is the capital of France?", "How many people live there?", "And in Zürich 🙂?"];
        int position = 0;
        foreach (string question in questions)
        {
            GenerationStream stream = chat.Send(question, Cancel);
            GeneratedToken[] answer = [.. stream];
            GenerationUsage result = stream.Result!.Usage;

            // All that the cache held is reused: the earlier prompt and every token of the answers but the last, which was never computed.
            Assert.Equal(position, result.CachedPromptTokens);
            Assert.Equal(answer.Length, result.GeneratedTokens);
            position = result.PromptTokens + answer.Length - 1;
            Assert.Equal(position, session.Length);
            Assert.Equal(string.Concat(answer.Select(t => t.Text)), chat.Messages[^1].Content);
        }

        Assert.Equal(["user", "assistant", "user", "assistant", "user", "assistant"], chat.Messages.Select(m => m.Role));
    }

    [Fact]
    public void Regenerate_Greedy_GivesTheSameAnswerAndComputesOneToken()
    {
        using ModelSession session = fixture.Model.CreateSession();
        ChatSession chat = new(session, Greedy);
        Assert.Throws<InvalidOperationException>(() => chat.Regenerate(Cancel));
        Drain(chat.Send("Name a colour.", Cancel));
        string first = chat.Messages[^1].Content;
        Drain(chat.Regenerate(Cancel));
        Assert.Equal(first, chat.Messages[^1].Content);
        Assert.Equal(2, chat.Messages.Count);
        Assert.Equal(chat.Result!.Usage.PromptTokens - 1, chat.Result.Usage.CachedPromptTokens);
    }

    [Fact]
    public void Undo_EarlierTurns_StayInTheCache()
    {
        using ModelSession session = fixture.Model.CreateSession();
        ChatSession chat = new(session, Greedy with { Temperature = 1, Seed = 7 });
        Drain(chat.Send("Tell me about Zürich.", Cancel));
        Drain(chat.Send("And about Rome?", Cancel));
        int beforeQuestion = chat.Result!.Usage.PromptTokens - fixture.Model.Tokenizer.Encode("And about Rome?").Length;
        Assert.True(chat.RemoveLastTurn());
        Drain(chat.Send("Something else.", Cancel));

        // All of the first turn, and what is the same in the second before the question's text.
        Assert.InRange(chat.Result.Usage.CachedPromptTokens, beforeQuestion - 6, beforeQuestion);
    }

    [Fact]
    public void Send_ConversationOutgrowsTheContext_IsRefusedOrLeavesOutTheOldest()
    {
        using ModelSession session = fixture.Model.CreateSession(new() { ContextLength = 128 });
        ChatSession chat = new(session, Greedy) { SystemPrompt = Terse };
        int turns = 0;
        while (turns < 20)
        {
            try
            {
                Drain(chat.Send($"Question number {turns}: what is {turns} plus one?", Cancel));
                turns++;
            }
            catch (ContextFullException)
            {
                break;
            }
        }

        Assert.InRange(turns, 2, 6);
        Assert.Equal(2 * turns, chat.Messages.Count);
        chat.Options = Greedy with { ContextShift = true };
        for (int i = 0; i < 6; i++)
        {
            Drain(chat.Send($"Question number {turns}: what is {turns} plus one?", Cancel));
            Assert.Contains(Terse, Text(session), StringComparison.Ordinal);
        }

        Assert.Equal(2 * (turns + 6), chat.Messages.Count);
    }

    [Fact]
    public void System_Text_IsInThePromptAndEmptyMeansTheTemplatesOwn()
    {
        using ModelSession session = fixture.Model.CreateSession();
        ChatSession chat = new(session, Greedy with { MaxTokens = 1 });
        Drain(chat.Send("Hi", Cancel));
        Assert.Contains("You are a helpful AI assistant named SmolLM", Text(session), StringComparison.Ordinal);
        chat.Clear();
        chat.SystemPrompt = "You speak like a pirate.";
        Drain(chat.Send("Hi", Cancel));
        Assert.Contains("You speak like a pirate.", Text(session), StringComparison.Ordinal);
        Assert.DoesNotContain("SmolLM", Text(session), StringComparison.Ordinal);
        Assert.Equal(2, chat.Messages.Count);
    }

    [Fact]
    public void Send_CancelledAtOnce_LeavesTheConversationAndTheSessionUsable()
    {
        using ModelSession session = fixture.Model.CreateSession();
        ChatSession chat = new(session, Greedy) { SystemPrompt = Terse };
        Assert.Throws<OperationCanceledException>(() => chat.Send("Hello", new CancellationToken(canceled: true)).Complete());
        Assert.Empty(chat.Messages);
        Drain(chat.Send("Name the three primary colours.", Cancel));
        Assert.Contains("The three primary", chat.Messages[^1].Content, StringComparison.Ordinal);
    }

    [Fact]
    public void Send_StopString_NextTurnIsRight()
    {
        using ModelSession session = fixture.Model.CreateSession();
        ChatSession chat = new(session, Greedy with { StopSequences = ["mary col"] }) { SystemPrompt = Terse };
        Drain(chat.Send("Name the three primary colours.", Cancel));
        Assert.Equal("The three pri", chat.Messages[^1].Content);
        Drain(chat.Send("Go on.", Cancel));
        Assert.Contains("The three pri<|im_end|>", Text(session), StringComparison.Ordinal);
    }

    [Fact]
    public void SaveAndLoad_Conversation_ComesBackWhole()
    {
        using ModelSession session = fixture.Model.CreateSession();
        ChatSession chat = new(session, Greedy with { MaxTokens = 3 }) { SystemPrompt = "Be \"brief\".\n" };
        Drain(chat.Send("Grüße 🙂 & <more>", Cancel));
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            chat.Save(path);
            ChatSession loaded = new(session, Greedy);
            loaded.Load(path);
            Assert.Equal(chat.Messages, loaded.Messages);
            Assert.Equal(chat.SystemPrompt, loaded.SystemPrompt);
            File.WriteAllText(path, "{\"messages\": [{\"role\": 3}]}");
            Assert.Throws<InvalidDataException>(() => loaded.Load(path));
            File.WriteAllText(path, "not json");
            Assert.Throws<InvalidDataException>(() => loaded.Load(path));
            Assert.Equal(chat.Messages, loaded.Messages);
        }
        finally
        {
            File.Delete(path);
        }

        Assert.True(chat.RemoveLastTurn());
        Assert.Empty(chat.Messages);
        Assert.False(chat.RemoveLastTurn());
    }

    [Fact]
    public void Generate_FrontDoor_AnswersAndStopsOnCancel()
    {
        using ModelSession session = fixture.Model.CreateSession();
        string answer = string.Concat(session.Generate("What is the capital of France?", Greedy, Cancel));
        string shown = "<|im_start|>user\nWhat is the capital of France?<|im_end|>\n<|im_start|>assistant\n" + answer[..5];
        Assert.Contains(shown, Text(session), StringComparison.Ordinal);
        GenerationOptions plain = Greedy with { ApplyTemplate = false, MaxTokens = 3 };
        string raw = string.Concat(session.Generate("The capital of France is", plain, Cancel));
        Assert.Equal(fixture.Model.Tokenizer.Encode("The capital of France is").Length + 2, session.Length);
        Assert.NotEmpty(raw);
        Assert.Throws<OperationCanceledException>(() => session.Generate("Hi", Greedy, new CancellationToken(canceled: true)).Complete());
    }

    [Fact]
    public void Generate_SeedRepeated_GivesTheSameText()
    {
        GenerationOptions options = new() { Seed = 9, MaxTokens = 20, Temperature = 1.2f };
        using ModelSession session = fixture.Model.CreateSession();
        string first = string.Concat(session.Generate("Tell me a story.", options, Cancel));
        Assert.Equal(first, string.Concat(session.Generate("Tell me a story.", options, Cancel)));
        Assert.NotEqual(first, string.Concat(session.Generate("Tell me a story.", options with { Seed = 10 }, Cancel)));
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(0.7f)]
    public void Generate_NgramDraft_GivesTheSameText(float temperature)
    {
        const string prompt = "Repeat this text: The quick brown fox jumps over the lazy dog. The quick brown fox jumps over the lazy cat.";
        GenerationOptions options = new() { Seed = 9, MaxTokens = 60, Temperature = temperature };
        using ModelSession session = fixture.Model.CreateSession();
        string plain = string.Concat(session.Generate(prompt, options, Cancel));
        Assert.Equal(plain, string.Concat(session.Generate(prompt, options with { NgramDraft = true }, Cancel)));
    }

    [Fact]
    public void Generate_DraftSession_GivesTheSameGreedyText()
    {
        using ModelSession session = fixture.Model.CreateSession(), draft = fixture.Model.CreateSession();
        string plain = string.Concat(session.Generate("Name three animals.", Greedy, Cancel));
        Assert.Equal(plain, string.Concat(session.Generate("Name three animals.", Greedy with { DraftSession = draft }, Cancel)));
        Assert.Throws<ArgumentException>(() => session.Generate("a", Greedy with { DraftSession = session }));
        Assert.Throws<ArgumentException>(() => session.Generate("a", Greedy with { DraftSession = draft, NgramDraft = true }));
    }

    [Fact]
    public void Generate_DraftOfAnotherVocabulary_IsRefused()
    {
        using LanguageModel stories = LanguageModel.Load(TestModels.Stories);
        using ModelSession session = fixture.Model.CreateSession(), draft = stories.CreateSession();
        ArgumentException e = Assert.Throws<ArgumentException>(() => session.Generate("a", Greedy with { DraftSession = draft }));
        Assert.Contains("512 tokens", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Send_ModelWithoutTemplate_ContinuesThePlainText()
    {
        using LanguageModel stories = LanguageModel.Load(TestModels.Stories);
        using ModelSession session = stories.CreateSession();
        ChatSession chat = new(session, Greedy);
        Assert.False(chat.HasTemplate);
        Drain(chat.Send("Once upon a time", Cancel));
        Assert.Contains("there was", chat.Messages[^1].Content, StringComparison.Ordinal);
    }

    [Fact]
    public void MoveNext_RealModel_AllocatesNothing()
    {
        using ModelSession session = fixture.Model.CreateSession();
        TokenGenerator generator = new(session, new Sampler(new() { Seed = 1 }, fixture.Model.VocabularySize, session.ContextLength));
        CallContext context = new(IsAsync: false, Cancel);
        generator.StartAsync([.. fixture.Model.Tokenizer.Encode("Once upon a time")], 0, 1000, context).Complete();
        for (int i = 0; i < 8; i++)
        {
            generator.MoveNextAsync(context).Complete();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 24; i++)
        {
            generator.MoveNextAsync(context).Complete();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Drain(IEnumerable<GeneratedToken> tokens) => Assert.NotEmpty(tokens.ToList());

    private static string Text(ModelSession session) => session.Model.Tokenizer.Decode(session.Tokens, special: true);
}

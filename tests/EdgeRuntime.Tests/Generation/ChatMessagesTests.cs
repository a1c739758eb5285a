using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Engine;
using EdgeRuntime.Fakes;
using Xunit;

namespace EdgeRuntime.Tests.Generation;

/// <summary>Conversations as data: created with a history, edited between answers, copied, with tools.</summary>
public sealed class ChatMessagesTests(SmolLmFixture fixture) : IClassFixture<SmolLmFixture>
{
    private const string Template =
        "{% for t in tools or [] %}<{{ t.function.name }}>{% endfor %}"
        + "{% for m in messages %}[{{ m.role }}:{{ m.content }}"
        + "{% for c in m.tool_calls or [] %}!{{ c.function.name }}({{ c.function.arguments.city }}){% endfor %}]{% endfor %}";

    private static readonly GenerationOptions s_short = new() { Temperature = 0, MaxTokens = 6 };
    private static readonly GenerationOptions s_free = new() { Temperature = 1, Seed = 7, MaxTokens = 12 };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Send_AfterAReplacedMessage_KeepsTheTokensBeforeIt()
    {
        using ChatSession chat = fixture.Model.CreateChat(new() { Generation = s_free });
        Drain(chat.Send("Tell me about Zürich.", Cancel));
        int firstTurn = chat.Session.Length;
        Drain(chat.Send("And about Rome?", Cancel));
        Drain(chat.Send("And about Oslo?", Cancel));
        chat.Replace(2, ModelMessage.User("Something else."));
        chat.RemoveAt(5);
        chat.RemoveAt(4);
        chat.RemoveAt(3);

        Drain(chat.Send(Cancel));

        // The cache had every token of the first answer but the last, and the marks up to the question.
        Assert.InRange(chat.Result!.Usage.CachedPromptTokens, firstTurn + 1, chat.Result.Usage.PromptTokens - 2);
        Assert.Equal(["Tell me about Zürich.", "Something else."], Of("user", chat));
        Assert.Equal(4, chat.Messages.Count);
    }

    [Fact]
    public void Send_AfterEdits_GivesWhatANewConversationGives()
    {
        using ChatSession chat = fixture.Model.CreateChat(new() { Generation = s_short });
        Drain(chat.Send("Name a colour.", Cancel));
        Drain(chat.Send("Name an animal.", Cancel));
        chat.Insert(0, ModelMessage.System("Answer in one word."));
        chat.Replace(2, ModelMessage.Assistant("Red"));
        chat.SystemPrompt = null;
        chat.RemoveAt(chat.Messages.Count - 1);
        using ChatSession fresh = fixture.Model.CreateChat(new() { Generation = s_short, Messages = chat.Messages });

        string edited = string.Concat(chat.Send(Cancel).Select(token => token.Text));

        Assert.Equal(string.Concat(fresh.Send(Cancel).Select(token => token.Text)), edited);
        Assert.Equal(fresh.Messages, chat.Messages);
        Assert.Equal(fresh.Session.Tokens, chat.Session.Tokens);
    }

    [Fact]
    public void Send_AfterTheLastTurnIsRemoved_ComputesOnlyTheQuestion()
    {
        using ChatSession chat = fixture.Model.CreateChat(new() { Generation = s_free });
        Drain(chat.Send("Tell me about Zürich.", Cancel));
        int firstTurn = chat.Session.Length;
        Drain(chat.Send("And about Rome?", Cancel));
        chat.RemoveLastTurn();
        chat.Add(ModelMessage.User("Something else."));
        Drain(chat.Send(Cancel));
        Assert.True(chat.Result!.Usage.CachedPromptTokens > firstTurn, $"{chat.Result.Usage.CachedPromptTokens} of {firstTurn} tokens");
    }

    [Fact]
    public void Send_WithoutAQuestion_IsRefused()
    {
        using LanguageModel model = Create();
        using ChatSession chat = model.CreateChat(new() { Generation = s_short });
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => chat.Send(Cancel));
        Assert.Contains("is empty", error.Message, StringComparison.Ordinal);
        Drain(chat.Send("a", Cancel));
        error = Assert.Throws<InvalidOperationException>(() => chat.Send(Cancel));
        Assert.Contains("ends with an answer", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Regenerate_AfterAToolsResult_KeepsCallAndResult()
    {
        using LanguageModel model = Create();
        using ChatSession chat = model.CreateChat(new() { Generation = s_short, Messages = ToolConversation() });
        chat.Tools = [new ToolDefinition("weather")];
        Drain(chat.Send(Cancel));
        Assert.StartsWith("<weather>[user:How warm?][assistant:!weather(Bern)][tool:21]", Text(chat), StringComparison.Ordinal);
        ModelMessage first = chat.Messages[^1];
        Drain(chat.Regenerate(Cancel));
        Assert.Equal([.. ToolConversation(), first], chat.Messages);
        Assert.Equal(chat.Result!.Usage.PromptTokens - 1, chat.Result.Usage.CachedPromptTokens);
        chat.Tools = [];
        Drain(chat.Send(ModelMessage.Tool("22"), Cancel));
        Assert.StartsWith("[user:How warm?]", Text(chat), StringComparison.Ordinal);
        Assert.Equal("tool", chat.Messages[^2].Role);
    }

    [Fact]
    public void EveryChange_WhileAnAnswerIsInProgress_IsRefusedAndTheAnswerGoesOn()
    {
        using LanguageModel model = Create();
        using ChatSession chat = model.CreateChat(
            new() { Generation = s_short, Messages = [ModelMessage.User("a"), ModelMessage.Assistant("b")] });
        string expected = string.Concat(chat.Send("c", Cancel).Select(token => token.Text));
        chat.RemoveLastTurn();
        List<string> texts = [];
        foreach (GeneratedToken token in chat.Send("c", Cancel))
        {
            texts.Add(token.Text);
            foreach (Action change in token.IsLast ? [] : Changes(chat))
            {
                InvalidOperationException error = Assert.Throws<InvalidOperationException>(change);
                Assert.Contains("an answer is in progress", error.Message, StringComparison.Ordinal);
            }
        }

        Assert.Equal(expected, string.Concat(texts));
        Assert.Equal(4, chat.Messages.Count);
        Assert.All(Changes(chat), change => change());
    }

    [Theory]
    [MemberData(nameof(SessionMembers))]
    public async Task EveryCallOfTheSession_BetweenTwoStepsOfAnAnswer_IsRefusedAndTheAnswerGoesOn(string member)
    {
        using ChatSession chat = fixture.Model.CreateChat(new() { Generation = s_short });
        string expected = string.Concat(chat.Send("c", Cancel).Select(token => token.Text));
        chat.Clear();
        List<string> texts = [];
        await foreach (GeneratedToken token in chat.Send("c", Cancel))
        {
            texts.Add(token.Text);
            if (!token.IsLast)
            {
                InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(
                    () => Task.Run(() => SessionCalls.All[member](chat.Session), Cancel));
                Assert.StartsWith("ModelSession: an answer is in progress", error.Message, StringComparison.Ordinal);
            }
        }

        Assert.Equal(expected, string.Concat(texts));
        SessionCalls.All[member](chat.Session);
    }

    [Fact]
    public void Session_OfAnAbandonedAnswer_IsBusyUntilTheEnumeratorOrTheConversationIsDisposed()
    {
        using LanguageModel model = Create();
        using ModelSession session = model.CreateSession();
        var chat = new ChatSession(session, s_short);
        IEnumerator<GeneratedToken> abandoned = chat.Send("a", Cancel).GetEnumerator();
        Assert.True(abandoned.MoveNext());
        Assert.Throws<InvalidOperationException>(() => session.Truncate(0));
        abandoned.Dispose();
        session.Truncate(0);

        abandoned = chat.Send("b", Cancel).GetEnumerator();
        Assert.True(abandoned.MoveNext());
        Assert.Throws<InvalidOperationException>(() => session.Truncate(0));
        chat.Dispose();
        session.Truncate(0);
        Assert.Throws<InvalidOperationException>(() => abandoned.MoveNext());
    }

    public static TheoryData<string> SessionMembers() => [.. SessionCalls.All.Keys];

    [Fact]
    public void Send_OfAnAnswerThatNobodyReads_DoesNotBlockTheNext()
    {
        using LanguageModel model = Create();
        using ChatSession chat = model.CreateChat(new() { Generation = s_short });
        GenerationStream unread = chat.Send("nobody reads this", Cancel);
        Drain(chat.Send("a", Cancel));
        Assert.Throws<InvalidOperationException>(() => unread.Any());
        using (IEnumerator<GeneratedToken> left = chat.Send("b", Cancel).GetEnumerator())
        {
            Assert.True(left.MoveNext());
        }

        Drain(chat.Send("c", Cancel));
        Assert.Equal(["a", "b", "c"], Of("user", chat));
    }

    [Fact]
    public void Dispose_OfAConversation_DisposesItsOwnSessionOnly()
    {
        using LanguageModel model = Create();
        ChatSession owner = model.CreateChat(new() { Generation = s_short });
        Drain(owner.Send("a", Cancel));
        owner.Dispose();
        owner.Dispose();
        Assert.Throws<ObjectDisposedException>(() => owner.Session.Forward([1], Cancel));
        Assert.Throws<ObjectDisposedException>(() => owner.Send("b", Cancel));
        Assert.Throws<ObjectDisposedException>(() => owner.Add(ModelMessage.User("b")));
        Assert.Equal(2, owner.Messages.Count);
        using ModelSession session = model.CreateSession();
        var guest = new ChatSession(session, s_short);
        guest.Dispose();
        Assert.Throws<ObjectDisposedException>(() => guest.Send("b", Cancel));
        session.Forward([1], Cancel);
    }

    [Fact]
    public void Dispose_DuringAnAnswer_EndsItWithAClearException()
    {
        using LanguageModel model = Create();
        ChatSession chat = model.CreateChat(new() { Generation = s_short });
        using IEnumerator<GeneratedToken> answer = chat.Send("a", Cancel).GetEnumerator();
        Assert.True(answer.MoveNext());
        chat.Dispose();
        Assert.Throws<ObjectDisposedException>(() => answer.MoveNext());
    }

    [Fact]
    public void Add_UnknownRoleOrNull_IsRefusedAndChangesNothing()
    {
        using LanguageModel model = Create();
        using ChatSession chat = model.CreateChat(new() { Messages = [ModelMessage.User("a")] });
        ArgumentException error = Assert.Throws<ArgumentException>(() => chat.AddRange([ModelMessage.User("b"), new("usr", "c")]));
        Assert.Contains("\"usr\", expected one of: system, user", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>(() => chat.Add(null!));
        Assert.Throws<ArgumentException>(() => model.CreateChat(new() { Messages = [new("usr", "c")] }));
        Assert.Throws<ArgumentOutOfRangeException>(() => chat.Insert(2, ModelMessage.User("b")));
        Assert.Throws<ArgumentOutOfRangeException>(() => chat.Replace(1, ModelMessage.User("b")));
        Assert.Throws<ArgumentOutOfRangeException>(() => chat.RemoveAt(-1));
        Assert.Single(chat.Messages);
    }

    [Fact]
    public void Send_ContextShiftWithASystemMessageInTheHistory_KeepsIt()
    {
        using LanguageModel model = Create();
        using ChatSession chat = model.CreateChat(new()
        {
            Generation = s_short with { ContextShift = true },
            Session = new() { ContextLength = 160 },
            Messages = [ModelMessage.System("rule")],
        });
        for (int turn = 0; turn < 12; turn++)
        {
            chat.Add(ModelMessage.User($"question {turn}"));
            Drain(chat.Send(Cancel));
            Assert.StartsWith("[system:rule][user:", Text(chat), StringComparison.Ordinal);
            Assert.Contains($"[user:question {turn}]", Text(chat), StringComparison.Ordinal);
        }

        Assert.DoesNotContain("question 0", Text(chat), StringComparison.Ordinal);
        Assert.Equal(25, chat.Messages.Count);
    }

    [Fact]
    public void SaveAndLoad_ToolCalls_ComeBackWhole()
    {
        using LanguageModel model = Create();
        using ChatSession chat = model.CreateChat(new() { Generation = s_short, Messages = ToolConversation() });
        using ChatSession loaded = model.CreateChat(new() { Generation = s_short });
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            chat.Save(path);
            loaded.Load(path);
            Assert.Equal(chat.Messages, loaded.Messages);
            File.WriteAllText(path, """{"system": "s", "messages": [{"role": "user", "content": "written before tools"}]}""");
            loaded.Load(path);
            Assert.Equal(("s", ModelMessage.User("written before tools")), (loaded.SystemPrompt, Assert.Single(loaded.Messages)));
            foreach (string wrong in (string[])[
                """{"messages": [{"role": "usr", "content": "a"}]}""",
                """{"messages": [{"role": "user", "role": "user", "content": "a"}]}""",
                """{"system": "s"}""",
                """[]""",
                """{"messages": [{"role": "user", "content": "\ud800"}]}"""])
            {
                File.WriteAllText(path, wrong);
                InvalidDataException error = Assert.Throws<InvalidDataException>(() => loaded.Load(path));
                Assert.StartsWith($"{path}: not a saved conversation: ", error.Message, StringComparison.Ordinal);
                Assert.DoesNotContain('\n', error.Message);
            }

            Assert.Single(loaded.Messages);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static IEnumerable<Action> Changes(ChatSession chat) =>
    [
        () => chat.Send("d", Cancel),
        () => chat.Send(ModelMessage.User("d"), Cancel),
        () => chat.Regenerate(Cancel),
        () => chat.Options = s_short,
        () => chat.Tools = [],
        () => chat.Add(ModelMessage.User("d")),
        () => chat.Send(Cancel),
        () => chat.Insert(0, ModelMessage.User("d")),
        () => chat.Replace(0, ModelMessage.User("d")),
        () => chat.RemoveAt(0),
        () => chat.RemoveLastTurn(),
        () => chat.Clear(),
    ];

    private static ModelMessage[] ToolConversation() =>
    [
        ModelMessage.User("How warm?"),
        ModelMessage.Assistant("", [new ToolCall("weather", """{"city": "Bern"}""", "call00001")]),
        ModelMessage.Tool("21", "call00001", "weather"),
    ];

    private static LanguageModel Create() => LanguageModel.Create(
        new FakeEngine(FakeTokenizer.VocabularySizeOf, 512, StateAbilities.Truncate), new FakeTokenizer(), ChatTemplate.Parse(Template));

    private static IEnumerable<string> Of(string role, ChatSession chat) =>
        chat.Messages.Where(message => message.Role == role).Select(message => message.Content);

    private static void Drain(IEnumerable<GeneratedToken> tokens) => Assert.NotEmpty(tokens.ToList());

    private static string Text(ChatSession chat) => chat.Session.Model.Tokenizer.Decode(chat.Session.Tokens);
}

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using EdgeRuntime.Engine;
using EdgeRuntime.Fakes;
using EdgeRuntime.Tests.SideCar;
using EdgeRuntime.TestSupport;
using Microsoft.Extensions.Logging;
using Xunit;

namespace EdgeRuntime.Tests.Generation;

/// <summary>Conversations with tools and reasoning: an engine speaks a script, with the vocabulary of a real model.</summary>
public sealed class ToolChatTests : IDisposable
{
    private const string Turns =
        "{% if tools %}<|im_start|>system\n{{ tools | tojson }}<|im_end|>\n{% endif %}"
        + "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}";

    private const string End = "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

    private const string Hermes = Turns
        + "{% for c in m.tool_calls or [] %}{{ '\\n<tool_call>\\n' }}"
        + "{\"name\": \"{{ c.function.name }}\", \"arguments\": {{ c.function.arguments | tojson }}}\n</tool_call>{% endfor %}" + End;

    private const string Liquid = "{# List of tools: #}" + Turns + End;

    private const string Call = "Let me look.\n<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Bern\"}}\n</tool_call>";

    private static readonly Tokenizer s_tokenizer = Tokenizer.FromGguf(TestModels.SmolLm);
    private static readonly ToolDefinition s_weather = new("weather", "Tells the weather.");

    private readonly FakeEngine _engine = new(s_tokenizer.VocabularySize, 2048, StateAbilities.Truncate);
    private readonly EventRecorder _log = new();
    private LanguageModel? _model;

    [Fact]
    public void Send_AnswerWithCall_StreamsItKeepsItAndReusesItsTokens()
    {
        using ChatSession chat = CreateChat(Hermes);
        int answer = Say(Call);
        List<AnswerPart> parts = [];
        ToolCallParser parser = ToolCallParser.For(_model!.ChatTemplate!, chat.Tools)!;
        foreach (GeneratedToken token in chat.Send("How warm is it in Bern?"))
        {
            parts.AddRange(parser.Append(token.Text));
        }

        parts.AddRange(parser.Complete());
        Assert.Equal(FinishReason.Stop, chat.Result!.FinishReason);
        Assert.Equal("weather", Assert.Single(parts, part => part.Kind == AnswerPartKind.CallStart).Text);
        string[] arguments = [.. parts.Where(part => part.Kind == AnswerPartKind.Arguments).Select(part => part.Text)];
        Assert.True(arguments.Length > 5);
        Assert.Equal("{\"city\": \"Bern\"}", string.Concat(arguments));
        Assert.Equal(ModelMessage.Assistant("Let me look.", [new ToolCall("weather", "{\"city\": \"Bern\"}")]), chat.Messages[^1]);
        Assert.Equal(parser.Message, chat.Messages[^1]);

        int first = chat.Result.Usage.PromptTokens;
        Say("It is warm.");
        chat.Add(ModelMessage.Tool("21 degrees", name: "weather"));
        Assert.Equal("It is warm.", chat.Send().Complete().Text);
        Assert.Equal(first + answer, chat.Result.Usage.CachedPromptTokens);
        Assert.Equal(["user", "assistant", "tool", "assistant"], chat.Messages.Select(message => message.Role));
        Assert.Empty(_log.Warnings);
    }

    [Fact]
    public void Send_MalformedCall_IsTextWithOneWarning()
    {
        using ChatSession chat = CreateChat(Hermes);
        string text = Call.Replace("\"Bern\"}", "Bern", StringComparison.Ordinal);
        Say(text);

        Assert.Equal(text, chat.Send("How warm is it in Bern?").Complete().Text);

        Assert.Equal(ModelMessage.Assistant(text), chat.Messages[^1]);
        Assert.Contains("\"weather\"", Assert.Single(_log.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Send_AnswerWithReasoning_KeepsItApartWithoutTools()
    {
        using ChatSession chat = CreateChat("{# </think> #}" + Hermes);
        chat.Tools = [];
        Say($"<think>\nHm.\n</think>\n\n{Call}");

        chat.Send("Hello").Complete();

        Assert.Equal(ModelMessage.Assistant(Call) with { Reasoning = "Hm." }, chat.Messages[^1]);
    }

    [Fact]
    public void Send_TemplateWithoutCalls_ShowsThemInTheContent()
    {
        using ChatSession chat = CreateChat(Liquid);
        const string call = "<|tool_call_start|>[weather(city=\"Bern\")]<|tool_call_end|>";
        int answer = Say(call);
        chat.Send("How warm is it in Bern?").Complete();
        int first = chat.Result!.Usage.PromptTokens;
        Assert.Equal(ModelMessage.Assistant(call, [new ToolCall("weather", "{\"city\": \"Bern\"}")]), chat.Messages[^1]);

        Say("It is warm.");
        chat.Send(ModelMessage.Tool("21 degrees")).Complete();

        Assert.Equal(first + answer, chat.Result.Usage.CachedPromptTokens);
    }

    [Fact]
    public void Send_TemplateOfGptOss_RendersTheReasoningBeforeTheCall()
    {
        string template = File.ReadAllText(SharedData.Require("conformance/chat-templates/openai-gpt-oss-120b.jinja"));
        using ChatSession chat = CreateChat(template);
        Say("<|channel|>analysis<|message|>Hm<|end|><|start|>assistant to=functions.weather<|channel|>commentary json<|message|>"
            + "{\"city\": \"Bern\"}");
        chat.Send("How warm is it in Bern?").Complete();
        Assert.Equal(
            ModelMessage.Assistant("", [new ToolCall("weather", "{\"city\": \"Bern\"}")]) with { Reasoning = "Hm" }, chat.Messages[^1]);

        Say("<|channel|>final<|message|>It is warm.");
        chat.Send(ModelMessage.Tool("21 degrees")).Complete();
        Assert.Equal(ModelMessage.Assistant("It is warm."), chat.Messages[^1]);
        Assert.Contains(
            "<|start|>assistant<|channel|>analysis<|message|>Hm<|end|><|start|>assistant to=functions.weather",
            _model!.ChatTemplate!.RenderMessages([.. chat.Messages.Take(3)]),
            StringComparison.Ordinal);

        Say("<|channel|>final<|message|>You are welcome.");
        Assert.NotEmpty(chat.Send("Thank you").Complete().Text);
    }

    [Fact]
    public void LogMessages_OfTheLibrary_HaveIdsOfTheirOwn()
    {
        int[] ids = [.. typeof(ModelLog).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
            .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>()?.EventId)
            .OfType<int>()];

        Assert.True(ids.Length > 5);
        Assert.Equal(ids.Distinct(), ids);
    }

    public void Dispose()
    {
        _model?.Dispose();
        _log.Dispose();
    }

    private ChatSession CreateChat(string template)
    {
        _model = LanguageModel.Create(
            _engine, s_tokenizer, ChatTemplate.Parse(template), new ModelOptions { LoggerFactory = _log });
        return _model.CreateChat(new() { Tools = [s_weather], Generation = new() { Temperature = 0, MaxTokens = 400 } });
    }

    /// <summary>Makes the engine say a text, one token for each character, and end. Returns the number of tokens of the text.</summary>
    private int Say(string text)
    {
        int[] ids = [.. text.SelectMany(character => s_tokenizer.Encode(character.ToString(), addSpecial: false))];
        foreach (int id in ids.Append(s_tokenizer.EndOfSequence!.Value))
        {
            _engine.Script.Enqueue(id);
        }

        return ids.Length;
    }
}

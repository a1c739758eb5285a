using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeRuntime.Engine;
using EdgeRuntime.Fakes;
using Xunit;

namespace EdgeRuntime.Tests.Engine;

/// <summary>Everything above the seam runs on an engine that is not the built-in one, whatever its states can do.</summary>
public sealed class FakeEngineTests
{
    private const int ContextLength = 512;

    private static readonly GenerationOptions s_greedy = new() { Temperature = 0, MaxTokens = 40, ApplyTemplate = false };

    public static TheoryData<StateAbilities> Abilities =>
    [
        StateAbilities.None, StateAbilities.Snapshots, StateAbilities.Truncate, StateAbilities.Truncate | StateAbilities.Shift,
    ];

    [Theory]
    [MemberData(nameof(Abilities))]
    public void Truncate_OfASession_GivesTheLogitsOfTheShorterText(StateAbilities abilities)
    {
        using LanguageModel model = Create(abilities, out _);
        using ModelSession session = model.CreateSession();
        using ModelSession other = model.CreateSession();
        session.Forward([1, 2, 3, 4, 5, 6]);
        foreach (int length in (int[])[5, 3, 0])
        {
            session.Truncate(length);
            Assert.Equal(length, session.Length);
            other.Truncate(0);
            int[] text = [.. session.Tokens, 9];
            Assert.Equal(other.Forward(text).ToArray(), session.Forward([9]).ToArray());
        }
    }

    [Theory]
    [MemberData(nameof(Abilities))]
    public void Generate_WithAndWithoutADraft_GivesTheSameText(StateAbilities abilities)
    {
        using LanguageModel model = Create(abilities, out _);
        string expected = Answer(model, s_greedy);
        Assert.NotEmpty(expected);
        Assert.Equal(expected, Answer(model, s_greedy with { NgramDraft = true }));
        using LanguageModel small = Create(abilities, out _);
        using ModelSession draft = small.CreateSession();
        Assert.Equal(expected, Answer(model, s_greedy with { DraftSession = draft }));
    }

    [Theory]
    [MemberData(nameof(Abilities))]
    public void Send_OfSeveralTurns_GivesWhatAFreshSessionGives(StateAbilities abilities)
    {
        using LanguageModel model = Create(abilities, out FakeEngine engine);
        using ModelSession session = model.CreateSession();
        var chat = new ChatSession(session, s_greedy with { MaxTokens = 8 });
        List<string> answers = [];
        foreach (string question in (string[])["one", "two", "three"])
        {
            answers.Add(string.Concat(chat.Send(question)));
        }

        using LanguageModel fresh = Create(StateAbilities.Truncate, out _);
        using ModelSession reference = fresh.CreateSession();
        var again = new ChatSession(reference, s_greedy with { MaxTokens = 8 });
        Assert.Equal(answers, ((string[])["one", "two", "three"]).Select(question => string.Concat(again.Send(question))));
        Assert.True(engine.Computed > 0);
    }

    [Fact]
    public void Shift_OfAStateThatCannot_IsRefusedInWords()
    {
        using LanguageModel model = Create(StateAbilities.Truncate, out _);
        using ModelSession session = model.CreateSession();
        session.Forward([1, 2, 3]);
        Assert.False(session.CanShift);
        Assert.Throws<NotSupportedException>(() => session.Shift(0, 1));
    }

    [Fact]
    public void PackWeights_OfAModel_PreparesTheEngine()
    {
        using LanguageModel model = Create(StateAbilities.None, out FakeEngine engine);
        model.PackWeights();
        Assert.Equal(1, engine.Prepared);
    }

    [Fact]
    public void Load_WithABackend_AsksItFirst()
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".fake");
        File.WriteAllText(path, "Truncate");
        using LanguageModel model = LanguageModel.Load(path, new ModelOptions { Backends = [new FakeBackend()] });
        File.Delete(path);
        Assert.Equal((path, "fake"), (model.Path, model.InstructionSet));
    }

    [Fact]
    public void Load_WithADevice_AsksNoOtherEngine()
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".other");
        File.WriteAllText(path, "Truncate");
        using LanguageModel model = LanguageModel.Load(path, new ModelOptions { Device = new FakeBackend() });
        File.WriteAllText(path, "no abilities");
        Assert.Throws<ModelFormatException>(() => LanguageModel.Load(path, new ModelOptions { Device = new FakeBackend() }));
        File.Delete(path);
        Assert.Equal("fake", model.InstructionSet);
    }

    [Fact]
    public void Dispose_OfTheModel_DisposesTheEngine()
    {
        LanguageModel model = Create(StateAbilities.Truncate, out FakeEngine engine);
        model.CreateSession().Dispose();
        Assert.Equal(0, engine.States);
        model.Dispose();
        Assert.True(engine.IsDisposed);
    }

    [Fact]
    public void Create_WithAnotherVocabulary_IsRefused() => Assert.Throws<ArgumentException>(
        () => LanguageModel.Create(new FakeEngine(7, ContextLength, StateAbilities.None), new FakeTokenizer()));

    private static LanguageModel Create(StateAbilities abilities, out FakeEngine engine)
    {
        engine = new FakeEngine(FakeTokenizer.VocabularySizeOf, ContextLength, abilities);
        return LanguageModel.Create(engine, new FakeTokenizer());
    }

    private static string Answer(LanguageModel model, GenerationOptions options)
    {
        using ModelSession session = model.CreateSession();
        return string.Concat(session.Generate("Once upon a time, once upon a time, once upon", options));
    }
}

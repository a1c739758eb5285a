using System;
using System.IO;
using System.Linq;
using EdgeRuntime.Engine;
using EdgeRuntime.Gguf;
using EdgeRuntime.Tests.Support;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tests.Models;

/// <summary>A model whose positions attend to later ones too computes a text as a whole, and says what it can't do.</summary>
public sealed class WholeTextModelTests : IDisposable
{
    private static readonly int[] s_text = [1, 400, 30, 31, 32, 7, 90, 301, 5, 44, 45, 46];

    private readonly string _root = Directory.CreateTempSubdirectory("edgert-whole-").FullName;
    private readonly LanguageModel _model;

    public WholeTextModelTests()
    {
        using GgufFile source = GgufFile.Open(TestModels.Stories);
        _model = LanguageModel.Load(ModelCopy.Write(
            Path.Combine(_root, "whole.gguf"), source, source.Tensors.Select(TensorCopy.Of), "llama",
            new() { ["attention.causal"] = false }));
    }

    public void Dispose()
    {
        _model.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public void ForwardAll_AfterARewind_GivesTheLogitsOfTheWholeText()
    {
        using ModelSession session = _model.CreateSession(new SessionOptions { ContextLength = 64, BatchTokens = 4 });
        Assert.False(session.CanGenerate);
        Assert.Equal(64, session.BatchTokens);
        float[] expected = session.ForwardAll(s_text).ToArray();
        foreach (int length in (int[])[11, 5, 0])
        {
            session.Truncate(length);
            Assert.Equal(expected[(length * _model.VocabularySize)..], session.ForwardAll(s_text.AsSpan(length)).ToArray());
        }
    }

    [Fact]
    public void ForwardAll_OfALongerText_ChangesEarlierPositions()
    {
        using ModelSession session = _model.CreateSession(new SessionOptions { ContextLength = 64 });
        float[] first = session.ForwardAll(s_text.AsSpan(0, 6)).ToArray();
        session.Truncate(0);
        Assert.NotEqual(first, session.ForwardAll(s_text).ToArray()[..first.Length]);
    }

    [Fact]
    public void Run_OnAStateThatIsNotEmpty_IsRefused()
    {
        using IEngineState state = _model.Engine.CreateState(new EngineStateOptions { Capacity = 64, BatchTokens = 1 });
        Assert.Equal(StateAbilities.WholePasses, state.Abilities & StateAbilities.WholePasses);
        Assert.Equal(0, state.NearestLength(0));
        _model.Engine.Run([new BatchSlice(state, s_text, 0, default)]);
        Assert.Equal(0, state.NearestLength(s_text.Length - 1));
        string message = Assert.Throws<ArgumentException>(
            () => _model.Engine.Run([new BatchSlice(state, s_text, 0, default)])).Message;
        Assert.Contains("attend to later ones too", message, StringComparison.Ordinal);
        Assert.Equal(s_text.Length, state.Length);
    }

    [Fact]
    public void Generate_IsRefused()
    {
        using ModelSession session = _model.CreateSession(new SessionOptions { ContextLength = 64 });
        string message = Assert.Throws<UnsupportedModelException>(() => session.Generate(s_text)).Message;
        Assert.Contains("can't continue it", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }
}

using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Engine;
using EdgeRuntime.Fakes;
using EdgeRuntime.Tests.Support;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tests.Generation;

/// <summary>Asynchronous calls that wait, overlap and are disposed. Runs alone, because it limits the thread pool.</summary>
[Collection(nameof(Alone))]
public sealed class AsyncAnswerTests : IDisposable
{
    private const string Prompt = "Once upon a time";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private static readonly GenerationOptions s_options = new() { Temperature = 0, MaxTokens = 6, ApplyTemplate = false };

    private readonly FakeEngine _engine = new(FakeTokenizer.VocabularySizeOf, 512, StateAbilities.Truncate);
    private readonly LanguageModel _model;

    public AsyncAnswerTests() => _model = LanguageModel.Create(_engine, new FakeTokenizer());

    public void Dispose() => _model.Dispose();

    [Fact]
    public async Task CompleteAsync_FiftyAnswersOnAFewThreads_LeaveTheThreadPoolFree()
    {
        using ModelSession alone = _model.CreateSession();
        string expected = alone.Generate(Prompt, s_options).Complete().Text;
        ThreadPool.GetMaxThreads(out int workers, out int ports);
        Assert.True(ThreadPool.SetMaxThreads(Math.Max(2, Environment.ProcessorCount), ports));
        using var release = new ManualResetEventSlim();
        ModelSession[] sessions = [.. Enumerable.Range(0, 50).Select(_ => _model.CreateSession())];
        try
        {
            _engine.OnRun = _ => release.Wait(s_patience, CancellationToken.None);
            Task<GenerationResult>[] answers = [.. sessions.Select(session => session.Generate(Prompt, s_options).CompleteAsync())];

            // One pass holds a thread; fifty waiting answers hold none, so that the pool has one for other work.
            await Task.Run(() => { }).WaitAsync(s_patience);
            Assert.DoesNotContain(answers, answer => answer.IsCompleted);
            release.Set();
            GenerationResult[] results = await Task.WhenAll(answers).WaitAsync(s_patience);
            Assert.All(results, result => Assert.Equal(expected, result.Text));
        }
        finally
        {
            release.Set();
            ThreadPool.SetMaxThreads(workers, ports);
            Array.ForEach(sessions, session => session.Dispose());
        }
    }

    [Fact]
    public async Task AwaitForEach_OfTwoSessionsOfARealModel_GivesWhatEachGivesAlone()
    {
        using var model = LanguageModel.Load(TestModels.Stories, new ModelOptions { Threads = 1 });
        using ModelSession one = model.CreateSession(), two = model.CreateSession();
        string[] prompts = ["Once upon a time", "The cat"];
        string[] expected = [.. prompts.Select(prompt => one.Generate(prompt, s_options).Complete().Text)];
        GenerationResult[] results = await Task.WhenAll(
            one.Generate(prompts[0], s_options).CompleteAsync(), two.Generate(prompts[1], s_options).CompleteAsync());
        Assert.Equal(expected, results.Select(result => result.Text));
    }

    [Fact]
    public async Task ForwardAsync_Tokens_GivesTheLogitsOfForward()
    {
        using ModelSession one = _model.CreateSession(), two = _model.CreateSession();
        Assert.Equal(one.Forward([1, 2, 3]).ToArray(), (await two.ForwardAsync(new[] { 1, 2, 3 })).ToArray());
        using var source = new CancellationTokenSource();
        _engine.OnRun = _ => source.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => two.ForwardAsync(new[] { 4 }, source.Token));
        Assert.Equal(3, two.Length);
    }

    [Fact]
    public async Task MoveNextAsync_WhileACallIsRunning_RefusesEveryOtherCall()
    {
        using ModelSession session = _model.CreateSession();
        using var release = new ManualResetEventSlim();
        GenerationStream answer = session.Generate(Prompt, s_options);
        IAsyncEnumerator<GeneratedToken> tokens = answer.GetAsyncEnumerator();
        Assert.True(await tokens.MoveNextAsync());
        _engine.OnRun = _ => release.Wait(s_patience, CancellationToken.None);
        Task<bool> running = tokens.MoveNextAsync().AsTask();
        await Assert.ThrowsAsync<InvalidOperationException>(() => tokens.MoveNextAsync().AsTask());
        await Assert.ThrowsAsync<InvalidOperationException>(() => tokens.DisposeAsync().AsTask());
        foreach ((string name, Action<ModelSession> call) in SessionCalls.All)
        {
            InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => call(session));
            Assert.True(error.Message.Contains("another call", StringComparison.Ordinal), $"{name}: {error.Message}");
        }

        release.Set();
        Assert.True(await running);
        Assert.True(await tokens.MoveNextAsync());
        await tokens.DisposeAsync();
        Assert.Equal(3, answer.Result!.Usage.GeneratedTokens);
    }

    [Fact]
    public async Task Dispose_DuringAnAsynchronousStep_EndsItAndWaits()
    {
        ModelSession session = _model.CreateSession();
        using var inside = new ManualResetEventSlim();
        _engine.OnRun = token =>
        {
            inside.Set();
            token.WaitHandle.WaitOne(s_patience);
        };
        GenerationStream answer = session.Generate(Prompt, s_options);
        Task<GenerationResult> running = answer.CompleteAsync();
        inside.Wait(s_patience);
        int states = _engine.States;
        session.Dispose();
        Assert.Equal(states - 1, _engine.States);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => running);
        Assert.Equal(FinishReason.Cancelled, answer.Result!.FinishReason);
    }

    [Fact]
    public async Task LoadAsync_Model_IsThatOfLoad()
    {
        using LanguageModel model = await LanguageModel.LoadAsync(TestModels.Stories, new ModelOptions { Threads = 1 });
        Assert.Equal("llama", model.Architecture);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => LanguageModel.LoadAsync(TestModels.Stories, cancellationToken: new CancellationToken(canceled: true)));
        await Assert.ThrowsAsync<System.IO.FileNotFoundException>(() => LanguageModel.LoadAsync(TestModels.Stories + ".missing"));
    }
}

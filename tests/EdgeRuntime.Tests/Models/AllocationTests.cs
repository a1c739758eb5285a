using System;
using System.Linq;
using EdgeRuntime.Engine;
using EdgeRuntime.Tests.Support;
using EdgeRuntime.TestSupport;
using EdgeRuntime.Threading;
using Xunit;

namespace EdgeRuntime.Tests.Models;

/// <summary>Runs alone, because other models would share the worker threads.</summary>
[Collection(nameof(Alone))]
public sealed class AllocationTests
{
    [Fact]
    public void Forward_OneTokenAtATime_AllocatesNothing()
    {
        using var model = LanguageModel.Load(TestModels.SmolLm);
        using ModelSession session = model.CreateSession(new SessionOptions { ContextLength = 64 });
        int[] token = [100];
        AssertAllocatesNothing(model, () => session.Forward(token));
    }

    [Fact]
    public void Run_SeveralSequences_AllocatesNothing()
    {
        const int Sequences = 5;
        using var model = LanguageModel.Load(TestModels.SmolLm);
        var options = new EngineStateOptions { Capacity = 64, BatchTokens = 1 };
        IEngineState[] states = [.. Enumerable.Range(0, Sequences).Select(_ => model.Engine.CreateState(options))];
        int[] tokens = [100, 200, 300, 400, 500];
        float[] logits = new float[Sequences * model.VocabularySize];
        BatchSlice[] batch = [.. states.Select((state, i) => new BatchSlice(
            state, tokens.AsMemory(i, 1), 1, logits.AsMemory(i * model.VocabularySize, model.VocabularySize)))];
        AssertAllocatesNothing(model, () => model.Engine.Run(batch));
        Assert.All(states, state => Assert.Equal(24, state.Length));
        Array.ForEach(states, state => state.Dispose());
    }

    private static void AssertAllocatesNothing(LanguageModel model, Action step)
    {
        WorkerPool team = SharedWorkerPool.Rent(model.Threads);
        var before = new AllocatedBytes(team.Threads);
        var after = new AllocatedBytes(team.Threads);
        for (int i = 0; i < 8; i++)
        {
            step();
        }

        team.Run(after); // so that its code is there
        team.Run(before);
        for (int i = 0; i < 16; i++)
        {
            step();
        }

        team.Run(after);
        SharedWorkerPool.Return(team);
        Assert.Equal(before.OfThreads, after.OfThreads);
    }

    /// <summary>
    /// Reads the bytes that each thread of the team has allocated so far. Threads of the test runner, which allocate at any time, do not
    /// count.
    /// </summary>
    private sealed class AllocatedBytes(int threads) : ITeamWork
    {
        public long[] OfThreads { get; } = new long[threads];

        public void Run(WorkerPool team, int thread) => OfThreads[thread] = GC.GetAllocatedBytesForCurrentThread();
    }
}

using System;
using EdgeRuntime.Tests.Support;
using EdgeRuntime.TestSupport;
using EdgeRuntime.Threading;
using Xunit;

namespace EdgeRuntime.Tests.Models;

/// <summary>Alone, because other models would share the worker threads.</summary>
[Collection(nameof(Alone))]
public sealed class AllocationTests
{
    [Fact]
    public void Forward_OneTokenAtATime_AllocatesNothing()
    {
        using var model = LanguageModel.Load(TestModels.SmolLm);
        using ModelSession session = model.CreateSession(new SessionOptions { ContextLength = 64 });
        WorkerPool team = SharedWorkerPool.Rent(model.Threads);
        var before = new AllocatedBytes(team.Threads);
        var after = new AllocatedBytes(team.Threads);
        int[] token = [100];
        for (int i = 0; i < 8; i++)
        {
            session.Forward(token);
        }

        team.Run(after); // so that its code is there
        team.Run(before);
        for (int i = 0; i < 16; i++)
        {
            session.Forward(token);
        }

        team.Run(after);
        SharedWorkerPool.Return(team);
        Assert.Equal(before.OfThreads, after.OfThreads);
    }

    /// <summary>What each thread of the team has allocated so far: the test runner's own threads, which allocate when they like, don't
    /// count.</summary>
    private sealed class AllocatedBytes(int threads) : ITeamWork
    {
        public long[] OfThreads { get; } = new long[threads];

        public void Run(WorkerPool team, int thread) => OfThreads[thread] = GC.GetAllocatedBytesForCurrentThread();
    }
}

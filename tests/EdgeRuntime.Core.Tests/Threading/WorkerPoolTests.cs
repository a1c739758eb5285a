using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Threading;
using Xunit;

namespace EdgeRuntime.Core.Tests.Threading;

public sealed class WorkerPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Run_SharesEachPhaseOnce_AndMeetsAtBarriers(int threads)
    {
        using var pool = new WorkerPool(threads);
        for (int round = 0; round < 50; round++)
        {
            var work = new CountedWork(items: 97, phases: 7);
            pool.Run(work);
            Assert.All(work.Counts, count => Assert.Equal(7, count));
            Assert.False(work.SawUnfinishedPhase);
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 97)]
    [InlineData(3, 2)]
    [InlineData(5, 1000)]
    public void TakeShare_OfSeveralThreads_GivesEachItemOnceInPairs(int threads, int items)
    {
        using var pool = new WorkerPool(threads);
        for (int round = 0; round < 20; round++)
        {
            var work = new SharedWork(items, phases: 5);
            pool.Run(work);
            Assert.All(work.Counts, count => Assert.Equal(5, count));
            Assert.True(work.SharesArePairs);
        }
    }

    [Fact]
    public void TakeShare_OfOneThread_GetsSmallerTowardsTheEnd()
    {
        using var pool = new WorkerPool(1);
        var shares = new List<int>();
        pool.Run(new ActionWork(() =>
        {
            while (pool.TakeShare(101, 2, out int first, out int last))
            {
                shares.Add(last - first);
            }
        }));
        Assert.Equal((101, 50), (shares.Sum(), shares[0]));
        Assert.Equal(shares.OrderDescending(), shares);
        Assert.InRange(shares[^1], 1, 2);
    }

    [Fact]
    public void Run_AfterTheWorkersFellAsleep_WakesThem()
    {
        using var pool = new WorkerPool(2);
        for (int round = 0; round < 3; round++)
        {
            Thread.Sleep(30);
            var work = new CountedWork(items: 10, phases: 2);
            pool.Run(work);
            Assert.All(work.Counts, count => Assert.Equal(2, count));
        }
    }

    [Fact]
    public async Task Run_WorkersThatFinishBeforeOthersWake_TakeNobodysWakeUp()
    {
        using var pool = new WorkerPool(16);
        await Task.Run(() =>
        {
            for (int round = 0; round < 100; round++)
            {
                Thread.Sleep(2);
                pool.Run(new EmptyWork());
            }
        }).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Run_WhereAThreadFails_ThrowsItsExceptionAndStaysUsable(int failing)
    {
        using var pool = new WorkerPool(3);
        for (int round = 0; round < 20; round++)
        {
            var exception = Assert.Throws<FormatException>(() => pool.Run(new FailingWork(failing)));
            Assert.Equal("broken", exception.Message);
        }

        var work = new CountedWork(items: 10, phases: 2);
        pool.Run(work);
        Assert.All(work.Counts, count => Assert.Equal(2, count));
    }

    [Fact]
    public void Rent_OfTheSameThreadCount_SharesOnePool()
    {
        WorkerPool first = SharedWorkerPool.Rent(2);
        WorkerPool second = SharedWorkerPool.Rent(2);
        Assert.Same(first, second);
        SharedWorkerPool.Return(first);
        second.Run(new CountedWork(items: 3, phases: 1));
        SharedWorkerPool.Return(second);
        Assert.Throws<ObjectDisposedException>(() => second.Run(new CountedWork(items: 3, phases: 1)));
    }

    /// <summary>No barrier: each thread is done at once.</summary>
    private sealed class EmptyWork : ITeamWork
    {
        public void Run(WorkerPool team, int thread)
        {
        }
    }

    private sealed class CountedWork(int items, int phases) : ITeamWork
    {
        public int[] Counts { get; } = new int[items];

        public bool SawUnfinishedPhase { get; private set; }

        public void Run(WorkerPool team, int thread)
        {
            for (int phase = 0; phase < phases; phase++)
            {
                for (int item; (item = team.TakeItems(3)) < items;)
                {
                    for (int i = item; i < Math.Min(item + 3, items); i++)
                    {
                        Interlocked.Increment(ref Counts[i]);
                    }
                }

                team.Barrier();
                int expected = phase + 1;
                SawUnfinishedPhase |= Counts.Any(count => count < expected);
                team.Barrier();
            }
        }
    }

    private sealed class ActionWork(Action action) : ITeamWork
    {
        public void Run(WorkerPool team, int thread) => action();
    }

    private sealed class SharedWork(int items, int phases) : ITeamWork
    {
        public int[] Counts { get; } = new int[items];

        public bool SharesArePairs { get; private set; } = true;

        public void Run(WorkerPool team, int thread)
        {
            for (int phase = 0; phase < phases; phase++)
            {
                while (team.TakeShare(items, 2, out int first, out int last))
                {
                    if (first % 2 != 0 || (last % 2 != 0 && last != items))
                    {
                        SharesArePairs = false;
                    }

                    for (int i = first; i < last; i++)
                    {
                        Interlocked.Increment(ref Counts[i]);
                    }
                }

                team.Barrier();
            }
        }
    }

    private sealed class FailingWork(int failing) : ITeamWork
    {
        public void Run(WorkerPool team, int thread)
        {
            team.Barrier();
            if (thread == failing)
            {
                throw new FormatException("broken");
            }

            team.Barrier();
            team.Barrier();
        }
    }
}

using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Engine;
using EdgeRuntime.Scheduling;
using Xunit;

namespace EdgeRuntime.Tests.Scheduling;

/// <summary>What passes the scheduler makes of requests, on a clock that only passes move.</summary>
public sealed class BatchSchedulerTests : IDisposable
{
    private readonly RecordingEngine _engine = new();
    private readonly BatchScheduler _scheduler;

    public BatchSchedulerTests() => _scheduler = new BatchScheduler(_engine, _engine.Clock);

    public void Dispose() => _engine.Dispose();

    [Fact]
    public void Run_Alone_IsOnePassOnTheThreadOfTheCaller()
    {
        var sequence = new Sequence(_engine, _scheduler, 3000);
        sequence.Run(Tokens(3000));
        sequence.Run(Tokens(1));
        Assert.Equal([3000, 1], _engine.Passes.Select(pass => pass.Rows));
        Assert.All(_engine.Passes, pass => Assert.Equal(Environment.CurrentManagedThreadId, pass.Thread));
    }

    [Fact]
    public void Run_OfTwoSequencesInTurnByOneThread_NeitherWaitsNorCuts()
    {
        var one = new Sequence(_engine, _scheduler, 600);
        var two = new Sequence(_engine, _scheduler, 600);
        foreach (int rows in (int[])[500, 1, 1, 100])
        {
            one.Run(Tokens(rows));
            two.Run(Tokens(rows));
        }

        Assert.Equal([500, 500, 1, 1, 1, 1, 100, 100], _engine.Passes.Select(pass => pass.Rows));
    }

    [Fact]
    public async Task Run_ByEightThreads_MeetsInPassesOfEight()
    {
        const int Count = 50;
        Sequence[] sequences = [.. Enumerable.Range(0, 8).Select(_ => new Sequence(_engine, _scheduler, 1))];
        Task[] first = QueueBehindTheGate(sequences.Select(sequence => (sequence, Tokens(1))));
        Task[] threads = [.. sequences.Select((sequence, i) => Task.Factory.StartNew(
            () =>
            {
                first[i].GetAwaiter().GetResult();
                for (int token = 1; token < Count; token++)
                {
                    sequence.Run(Tokens(1));
                }

                sequence.Dispose();
            },
            TaskCreationOptions.LongRunning))];
        _engine.Gate.Set();
        await Task.WhenAll(threads);
        Assert.Equal(8 * Count, _engine.Passes.Sum(pass => pass.Rows));
        Assert.True(_engine.Passes.Count(pass => pass.Rows == 8) >= Count - 1, Describe());
    }

    [Fact]
    public async Task RunAsync_OfFiftySequences_BlocksNobodyAndMeetsInPassesOfFifty()
    {
        const int Count = 20;
        Sequence[] sequences = [.. Enumerable.Range(0, 50).Select(_ => new Sequence(_engine, _scheduler, 1))];
        Task[] first = QueueBehindTheGate(sequences.Select(sequence => (sequence, Tokens(1))));
        Assert.All(first, task => Assert.False(task.IsCompleted));
        Task[] answers = [.. sequences.Select(async (sequence, i) =>
        {
            await first[i];
            for (int token = 1; token < Count; token++)
            {
                await sequence.RunAsync(Tokens(1));
            }

            sequence.Dispose();
        })];
        _engine.Gate.Set();
        await Task.WhenAll(answers);
        Assert.Equal(50 * Count, _engine.Passes.Sum(pass => pass.Rows));
        Assert.True(_engine.Passes.Count(pass => pass.Rows == 50) >= Count - 1, Describe());
    }

    [Fact]
    public async Task Run_BesideALongPrefill_GetsATokenInEveryPass()
    {
        var decoding = new Sequence(_engine, _scheduler, 512);
        var prefill = new Sequence(_engine, _scheduler, 3000);
        Task[] queued = QueueBehindTheGate([(decoding, Tokens(1)), (prefill, Tokens(3000))]);
        Task end = EndAsync(queued[1], prefill);
        _engine.Gate.Set();
        await queued[0];
        List<TimeSpan> gaps = [];
        while (!end.IsCompleted)
        {
            long start = _engine.Clock.GetTimestamp();
            decoding.Run(Tokens(1));
            gaps.Add(_engine.Clock.GetElapsedTime(start));
        }

        await end;
        Assert.Equal(3000, prefill.State.Length);
        Assert.InRange(gaps.Count, 30, 100);
        Assert.True(gaps.Max() <= TimeSpan.FromMilliseconds(35), $"a gap of {gaps.Max().TotalMilliseconds} ms; {Describe()}");
    }

    [Fact]
    public async Task RunAsync_BetweenTwoTokensOfAnother_TakesHalfAPartTwice()
    {
        var decoding = new Sequence(_engine, _scheduler, 512);
        var prefill = new Sequence(_engine, _scheduler, 3000);
        decoding.Run(Tokens(1));
        Task begun = QueueBehindTheGate([(prefill, Tokens(3000))])[0];
        _engine.Entered.Wait();
        Task token = decoding.RunAsync(Tokens(1)).AsTask();
        Task end = EndAsync(begun, prefill);
        _engine.Gate.Set();
        await token;
        decoding.Dispose();
        await end;
        // One row more each otherwise: the parts of a prefill begin with 4 rows.
        Assert.Equal([1, PassBudget.LeastRows, PassBudget.LeastRows + 1], _engine.Passes.Take(3).Select(pass => pass.Rows));
    }

    [Fact]
    public async Task RunAsync_AtTheEndOfAPrefill_TakesNoLargerParts()
    {
        var decoding = new Sequence(_engine, _scheduler, 512);
        var prefill = new Sequence(_engine, _scheduler, 23);
        Task[] queued = QueueBehindTheGate([(decoding, Tokens(1)), (prefill, Tokens(23))]);
        Task end = EndAsync(queued[1], prefill);
        _engine.Gate.Set();
        await queued[0];
        while (!end.IsCompleted)
        {
            decoding.Run(Tokens(1));
        }

        await end;
        Assert.True(_engine.Passes.All(pass => pass.Rows <= 12), Describe()); // 8 and 16 tokens if the rest counted as short
    }

    [Fact]
    public async Task RunAsync_OfSeveralPrefills_TakesTurns()
    {
        Sequence[] sequences = [.. Enumerable.Range(0, 3).Select(_ => new Sequence(_engine, _scheduler, 1000))];
        Task[] queued = QueueBehindTheGate(sequences.Select(sequence => (sequence, Tokens(1000))));
        Task[] ends = [.. queued.Select((task, i) => EndAsync(task, sequences[i]))];
        _engine.Gate.Set();
        await Task.WhenAll(ends);
        int[] last = [.. sequences.Select(sequence =>
            _engine.Passes.ToList().FindLastIndex(pass => pass.Slices.Any(slice => ReferenceEquals(slice.State, sequence.State))))];
        Assert.True(last.Max() - last.Min() <= 3 + (_engine.Passes.Count / 3), Describe());
        Assert.All(sequences, sequence => Assert.Equal(1000, sequence.State.Length));
    }

    [Theory]
    [InlineData(300, 1)]
    [InlineData(300, 40)]
    [InlineData(300, 300)]
    public async Task RunAsync_InParts_GivesTheOutputsOfAWholeSlice(int tokens, int outputs)
    {
        var alone = new Sequence(_engine, _scheduler, tokens, outputs);
        alone.Run(Tokens(tokens));
        int before = _engine.Passes.Count;
        var one = new Sequence(_engine, _scheduler, tokens, outputs);
        var two = new Sequence(_engine, _scheduler, tokens, outputs);
        Task[] queued = QueueBehindTheGate([(one, Tokens(tokens)), (two, Tokens(tokens))]);
        Task[] ends = [EndAsync(queued[0], one), EndAsync(queued[1], two)];
        _engine.Gate.Set();
        await Task.WhenAll(ends);
        Assert.True(_engine.Passes.Count - before > 4, Describe());
        Assert.Equal(alone.Output, one.Output);
        Assert.Equal(alone.Output, two.Output);
    }

    [Fact]
    public async Task RunAsync_WithAGuiltySlice_FailsThatOneOnly()
    {
        Sequence[] sequences = [.. Enumerable.Range(0, 4).Select(_ => new Sequence(_engine, _scheduler, 8))];
        int[] bad = [1, RecordingEngine.BadToken];
        Task[] queued = QueueBehindTheGate(sequences.Select((sequence, i) => (sequence, i == 2 ? bad : Tokens(2))));
        Task[] ends = [.. queued.Select((task, i) => EndAsync(task, sequences[i]))];
        _engine.Gate.Set();
        await Assert.ThrowsAsync<ArgumentException>(() => ends[2]);
        await Task.WhenAll(ends[0], ends[1], ends[3]);
        Assert.Equal([2, 2, 0, 2], sequences.Select(sequence => sequence.State.Length));
    }

    [Fact]
    public async Task RunAsync_CancelledWhileItWaits_EndsAtOnce()
    {
        var running = new Sequence(_engine, _scheduler, 8);
        var waiting = new Sequence(_engine, _scheduler, 8);
        using var stop = new CancellationTokenSource();
        Task first = QueueBehindTheGate([(running, Tokens(3))])[0];
        _engine.Entered.Wait();
        Task second = waiting.RunAsync(Tokens(3), stop.Token).AsTask();
        stop.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.False(first.IsCompleted);
        _engine.Gate.Set();
        await first;
        Assert.Equal((3, 0), (running.State.Length, waiting.State.Length));
    }

    [Fact]
    public async Task Run_CancelledWhileItWaits_EndsAtOnce()
    {
        var running = new Sequence(_engine, _scheduler, 8);
        var waiting = new Sequence(_engine, _scheduler, 8);
        using var stop = new CancellationTokenSource();
        Task first = QueueBehindTheGate([(running, Tokens(3))])[0];
        _engine.Entered.Wait();
        Task second = Task.Factory.StartNew(() => waiting.Run(Tokens(3), stop.Token), TaskCreationOptions.LongRunning);
        stop.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.False(first.IsCompleted);
        _engine.Gate.Set();
        await first;
    }

    [Fact]
    public async Task RunAsync_CancelledBetweenItsParts_HurtsNoOther()
    {
        var one = new Sequence(_engine, _scheduler, 1000);
        var two = new Sequence(_engine, _scheduler, 1000);
        using var stop = new CancellationTokenSource();
        _engine.Gate.Reset();
        Task first = EndAsync(one.RunAsync(Tokens(1000), stop.Token).AsTask(), one);
        Task second = EndAsync(two.RunAsync(Tokens(1000)).AsTask(), two);
        _engine.Entered.Wait();
        stop.Cancel();
        _engine.Gate.Set();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await second;
        Assert.True(one.State.Length < 1000);
        Assert.Equal(1000, two.State.Length);
    }

    [Fact]
    public async Task RunAsync_WithOtherCacheTypes_RunsInAPassOfItsOwn()
    {
        Sequence[] sequences = [.. Enumerable.Range(0, 4).Select(i =>
            new Sequence(_engine, _scheduler, 8, keys: i % 2 == 0 ? KvCacheType.F16 : KvCacheType.F32))];
        Task[] queued = QueueBehindTheGate(sequences.Select(sequence => (sequence, Tokens(2))));
        Task[] ends = [.. queued.Select((task, i) => EndAsync(task, sequences[i]))];
        _engine.Gate.Set();
        await Task.WhenAll(ends);
        Assert.All(_engine.Passes, pass => Assert.Single(pass.Slices
            .Select(slice => Array.FindIndex(sequences, sequence => ReferenceEquals(sequence.State, slice.State)) % 2).Distinct()));
    }

    [Fact]
    public async Task Run_AfterACallerThatStaysAway_GoesOnWhenTheWaitEnds()
    {
        var stays = new Sequence(_engine, _scheduler, 8);
        var leaves = new Sequence(_engine, _scheduler, 8);
        Task[] queued = QueueBehindTheGate([(stays, Tokens(2)), (leaves, Tokens(2))]);
        _engine.Gate.Set();
        await Task.WhenAll(queued);
        Task next = stays.RunAsync(Tokens(1)).AsTask();
        while (!next.IsCompleted)
        {
            _engine.Clock.Expire(TimeSpan.FromMilliseconds(1));
            await Task.Yield();
        }

        await next;
        Assert.Equal(3, stays.State.Length);
    }

    [Fact]
    public async Task RunAsync_DuringARequestOfTheSequence_IsRefused()
    {
        var sequence = new Sequence(_engine, _scheduler, 8);
        Task first = QueueBehindTheGate([(sequence, Tokens(1))])[0];
        Assert.Throws<InvalidOperationException>(() => sequence.Run(Tokens(1)));
        _engine.Gate.Set();
        await first;
    }

    /// <summary>Queues requests while the engine is held back, so that they are all there when the gate opens.</summary>
    private Task[] QueueBehindTheGate(IEnumerable<(Sequence Sequence, int[] Tokens)> requests)
    {
        _engine.Entered.Reset();
        _engine.Gate.Reset();
        return [.. requests.Select(request => request.Sequence.RunAsync(request.Tokens).AsTask())];
    }

    private static async Task EndAsync(Task request, Sequence sequence)
    {
        try
        {
            await request;
        }
        finally
        {
            sequence.Dispose(); // nobody waits for it any more
        }
    }

    private string Describe() =>
        "passes: " + string.Join(", ", _engine.Passes.Select(pass => string.Join("+", pass.Slices.Select(slice => slice.Rows))));

    private static int[] Tokens(int count) => [.. Enumerable.Range(0, count).Select(i => 2 + (i * 7 % 200))];

    /// <summary>A sequence of the scheduler with its state and outputs.</summary>
    private sealed class Sequence : IDisposable
    {
        private readonly ScheduledSequence _requests;
        private readonly int _outputs;

        public Sequence(
            RecordingEngine engine, BatchScheduler scheduler, int batchTokens, int outputs = 1, KvCacheType keys = KvCacheType.F16)
        {
            var options = new EngineStateOptions { Capacity = 4096, BatchTokens = batchTokens, KeyType = keys };
            State = engine.CreateState(options);
            Output = new float[outputs * engine.VocabularySize];
            _requests = scheduler.Open(options);
            _outputs = outputs;
        }

        public IEngineState State { get; }

        public float[] Output { get; }

        public void Run(int[] tokens, CancellationToken cancellationToken = default) => _requests.Run(Slice(tokens), cancellationToken);

        public ValueTask RunAsync(int[] tokens, CancellationToken cancellationToken = default) =>
            _requests.RunAsync(Slice(tokens), cancellationToken);

        public void Dispose() => _requests.Dispose();

        private BatchSlice Slice(int[] tokens) => new(State, tokens, Math.Min(_outputs, tokens.Length), Output);
    }
}

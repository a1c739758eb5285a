using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using EdgeRuntime.Engine;
using EdgeRuntime.Fakes;

namespace EdgeRuntime.Tests.Scheduling;

/// <summary>
/// The engine of a few lines, which records its passes and takes time on a clock: 2 ms for a pass and 0.4 ms for each row, so that 70 rows
/// take 30 ms. A gate holds its passes back.
/// </summary>
internal sealed class RecordingEngine : IEngine
{
    public const int BadToken = 250;

    private readonly FakeEngine _engine = new(FakeTokenizer.VocabularySizeOf, 4096, StateAbilities.Truncate);
    private readonly List<Pass> _passes = [];

    public PassClock Clock { get; } = new();

    /// <summary>Open: passes run.</summary>
    public ManualResetEventSlim Gate { get; } = new(initialState: true);

    /// <summary>Set once a pass has begun.</summary>
    public ManualResetEventSlim Entered { get; } = new();

    public IReadOnlyList<Pass> Passes
    {
        get
        {
            lock (_passes)
            {
                return [.. _passes];
            }
        }
    }

    public string Name => _engine.Name;

    public int Threads => 1;

    public long WeightBytes => 0;

    public int VocabularySize => _engine.VocabularySize;

    public int HiddenSize => _engine.HiddenSize;

    public int ContextLength => _engine.ContextLength;

    public IEngineState CreateState(EngineStateOptions options) => _engine.CreateState(options);

    public void Run(ReadOnlySpan<BatchSlice> batch, CancellationToken cancellationToken = default)
    {
        Entered.Set();
        Gate.Wait(cancellationToken);
        var pass = new Pass([.. batch.ToArray().Select(slice => (slice.State, slice.Tokens.Length))], Environment.CurrentManagedThreadId);
        foreach (BatchSlice slice in batch)
        {
            if (slice.Tokens.Span.Contains(BadToken))
            {
                throw new ArgumentException("a bad token");
            }
        }

        _engine.Run(batch, cancellationToken);
        Clock.Advance(TimeSpan.FromMilliseconds(2 + (0.4 * pass.Rows)));
        lock (_passes)
        {
            _passes.Add(pass);
        }
    }

    public void Prepare(CancellationToken cancellationToken = default) => _engine.Prepare(cancellationToken);

    public void Dispose() => _engine.Dispose();

    /// <param name="Slices">The states and their rows.</param>
    /// <param name="Thread">The thread that called.</param>
    internal sealed record Pass(IReadOnlyList<(IEngineState State, int Rows)> Slices, int Thread)
    {
        public int Rows => Slices.Sum(slice => slice.Rows);
    }
}

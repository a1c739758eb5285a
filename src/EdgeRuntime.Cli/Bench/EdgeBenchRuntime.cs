using System;
using System.Threading;
using EdgeRuntime.Cli.Bench.Plan;
using EdgeRuntime.Cli.Models;

namespace EdgeRuntime.Cli.Bench;

/// <summary>Drives this runtime for a measurement.</summary>
internal sealed class EdgeBenchRuntime : IBenchRuntime
{
    /// <summary>The pause after which all workers sleep: they spin for less than a millisecond.</summary>
    public static readonly TimeSpan TimeToSleep = TimeSpan.FromMilliseconds(5);

    private readonly ModelSession _session;

    /// <param name="model">The model; this object takes ownership.</param>
    /// <param name="positions">Capacity of the KV cache.</param>
    /// <param name="kvTypes">Types of the KV cache.</param>
    public EdgeBenchRuntime(LanguageModel model, int positions, KvTypes kvTypes)
    {
        Model = model;
        var options = new SessionOptions { ContextLength = positions, AllowLongContext = true, BatchTokens = BenchOptions.BatchTokens };
        _session = model.CreateSession(kvTypes.ApplyTo(options));
    }

    public LanguageModel Model { get; }

    public int VocabularySize => Model.VocabularySize;

    public int Length => _session.Length;

    /// <summary>Gets the bytes of the KV cache that a token at a position reads.</summary>
    public double KvBytesAt(double position) => _session.KvCacheBytes * (position / _session.ContextLength);

    public void Pause() => Thread.Sleep(TimeToSleep);

    public void Rewind(int length) => _session.Truncate(length);

    public void Append(ReadOnlySpan<int> tokens) => _session.Forward(tokens);

    public void Dispose()
    {
        _session.Dispose();
        Model.Dispose();
    }
}

using System;
using System.Diagnostics;
using System.Threading;
using EdgeRuntime.Cpu;
using EdgeRuntime.Engine;
using EdgeRuntime.Kernels;

namespace EdgeRuntime.Tuning;

/// <summary>Measures a loaded engine, whose kernels and threads it changes from one setting to the next. Does not own the engine.</summary>
internal sealed class TuningBench : ITuningBench, IDisposable
{
    private const int MaxMeasuredPositions = 2048;

    private readonly CpuEngine _engine;
    private readonly CancellationToken _cancellationToken;
    private readonly int[] _tokens;
    private readonly float[] _logits;
    private TuningChoice? _choice;
    private IEngineState? _state;

    public TuningBench(CpuEngine engine, CancellationToken cancellationToken)
    {
        _engine = engine;
        _cancellationToken = cancellationToken;
        MaxPositions = Math.Min(MaxMeasuredPositions, engine.ContextLength);
        _logits = GC.AllocateUninitializedArray<float>(engine.VocabularySize, pinned: true);
        _tokens = new int[MaxPositions];
        var random = new Random(20240229);
        for (int i = 0; i < _tokens.Length; i++)
        {
            _tokens[i] = random.Next(engine.VocabularySize);
        }
    }

    /// <inheritdoc/>
    public int MaxPositions { get; }

    /// <inheritdoc/>
    public double Prefill(TuningChoice choice, int tokens)
    {
        IEngineState state = StateFor(choice);
        GoTo(state, 0);
        GoTo(state, Math.Min(8, tokens)); // to warm up
        GoTo(state, 0);
        long start = Stopwatch.GetTimestamp();
        GoTo(state, tokens);
        return tokens / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <inheritdoc/>
    public double Decode(TuningChoice choice, int depth, double seconds)
    {
        IEngineState state = StateFor(choice);
        GoTo(state, depth);
        GoTo(state, depth + 1); // one token more than is timed wakes the threads
        long start = Stopwatch.GetTimestamp();
        int decoded = 0;
        while (decoded < ITuningBench.MinDecodedTokens - 1 || Stopwatch.GetElapsedTime(start).TotalSeconds < seconds)
        {
            if (state.Length == MaxPositions)
            {
                GoTo(state, depth);
            }

            _cancellationToken.ThrowIfCancellationRequested();
            GoTo(state, state.Length + 1);
            decoded++;
        }

        return decoded / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <inheritdoc/>
    public void Dispose() => _state?.Dispose();

    /// <summary>Truncates or computes until the state has so many positions, in batches of the choice.</summary>
    private void GoTo(IEngineState state, int length)
    {
        if (length < state.Length)
        {
            state.Truncate(state.NearestLength(length));
        }

        while (state.Length < length)
        {
            int rows = Math.Min(_choice!.BatchTokens, length - state.Length);
            int outputs = state.Length + rows == length ? 1 : 0;
            var slice = new BatchSlice(state, _tokens.AsMemory(state.Length, rows), outputs, _logits);
            _engine.Run(new ReadOnlySpan<BatchSlice>(in slice), _cancellationToken);
        }
    }

    private IEngineState StateFor(TuningChoice choice)
    {
        if (_state is not null && choice == _choice)
        {
            return _state;
        }

        _state?.Dispose();
        _state = null;
        _engine.Use(InstructionSet.Parse(choice.PrefillInstructionSet), InstructionSet.Parse(choice.DecodeInstructionSet), choice.Threads);
        _choice = choice;
        return _state = _engine.CreateState(new EngineStateOptions
        {
            Capacity = MaxPositions,
            BatchTokens = Math.Min(choice.BatchTokens, MaxPositions),
            KeyType = choice.KvCacheType,
            ValueType = choice.KvCacheType,
        });
    }
}

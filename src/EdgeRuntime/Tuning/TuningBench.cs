using System;
using System.Diagnostics;
using System.Threading;
using EdgeRuntime.Kernels;

namespace EdgeRuntime.Tuning;

/// <summary>Measures a loaded model and switches its kernels and threads between settings. It does not own the model.</summary>
internal sealed class TuningBench : ITuningBench, IDisposable
{
    private const int MaxMeasuredPositions = 2048;

    private readonly LanguageModel _model;
    private readonly CancellationToken _cancellationToken;
    private readonly int[] _tokens;
    private TuningChoice? _choice;
    private ModelSession? _session;

    public TuningBench(LanguageModel model, CancellationToken cancellationToken)
    {
        _model = model;
        _cancellationToken = cancellationToken;
        MaxPositions = Math.Min(MaxMeasuredPositions, model.ContextLength);
        _tokens = new int[MaxPositions];
        var random = new Random(20240229);
        for (int i = 0; i < _tokens.Length; i++)
        {
            _tokens[i] = random.Next(model.VocabularySize);
        }
    }

    public int MaxPositions { get; }

    public double Prefill(TuningChoice choice, int tokens)
    {
        ModelSession session = Session(choice);
        int warmUp = Math.Min(8, tokens);
        session.Truncate(0);
        session.Forward(_tokens.AsSpan(0, warmUp), _cancellationToken);
        session.Truncate(0);
        long start = Stopwatch.GetTimestamp();
        session.Forward(_tokens.AsSpan(0, tokens), _cancellationToken);
        return tokens / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    public double Decode(TuningChoice choice, int depth, double seconds)
    {
        ModelSession session = Session(choice);
        if (session.Length < depth)
        {
            session.Forward(_tokens.AsSpan(session.Length, depth - session.Length), _cancellationToken);
        }

        // One additional token, which is not timed, wakes the threads.
        session.Truncate(depth);
        session.Forward(_tokens.AsSpan(depth, 1), _cancellationToken);
        long start = Stopwatch.GetTimestamp();
        int decoded = 0;
        while (decoded < ITuningBench.MinDecodedTokens - 1 || Stopwatch.GetElapsedTime(start).TotalSeconds < seconds)
        {
            if (session.Length == session.ContextLength)
            {
                session.Truncate(depth);
            }

            _cancellationToken.ThrowIfCancellationRequested();
            session.Forward(_tokens.AsSpan(session.Length, 1), _cancellationToken);
            decoded++;
        }

        return decoded / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    public void Dispose() => _session?.Dispose();

    private ModelSession Session(TuningChoice choice)
    {
        if (_session is not null && choice == _choice)
        {
            return _session;
        }

        _session?.Dispose();
        _session = null;
        _model.Use(InstructionSet.Parse(choice.PrefillInstructionSet), InstructionSet.Parse(choice.DecodeInstructionSet), choice.Threads);
        _session = _model.CreateSession(
            new SessionOptions { ContextLength = MaxPositions, KvType = choice.KvType, BatchTokens = choice.BatchTokens });
        _choice = choice;
        return _session;
    }
}

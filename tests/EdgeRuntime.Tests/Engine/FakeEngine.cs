using System;
using System.Collections.Generic;
using System.Threading;
using EdgeRuntime.Engine;

namespace EdgeRuntime.Tests.Engine;

/// <summary>
/// An engine of a few lines: logits are a hash of the last three tokens of a sequence, whatever batches it came in. What its states can
/// do is
/// given, so that everything above the seam can be tried with each kind.
/// </summary>
internal sealed class FakeEngine(int vocabularySize, int contextLength, StateAbilities abilities) : IEngine
{
    private int _states;

    public string Name => "fake";

    public int Threads => 1;

    public long WeightBytes => 0;

    public int VocabularySize => vocabularySize;

    public int HiddenSize => 8;

    public int ContextLength => contextLength;

    /// <summary>Tokens that were computed, those of replays included.</summary>
    public int Computed { get; private set; }

    public bool IsDisposed { get; private set; }

    /// <summary>States that are not disposed yet.</summary>
    public int States => _states;

    public IEngineState CreateState(EngineStateOptions options)
    {
        _states++;
        return new State(this, options.Capacity, abilities);
    }

    public void Run(ReadOnlySpan<BatchSlice> batch, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        foreach (BatchSlice slice in batch)
        {
            var state = (State)slice.State;
            int first = slice.Tokens.Length - slice.OutputRows;
            for (int i = 0; i < slice.Tokens.Length; i++)
            {
                state.Tokens.Add(slice.Tokens.Span[i]);
                Computed++;
                if (i >= first)
                {
                    Fill(state.Tokens, slice.Output.Span.Slice((i - first) * vocabularySize, vocabularySize));
                }
            }
        }
    }

    public void Dispose() => IsDisposed = true;

    private static void Fill(List<int> tokens, Span<float> logits)
    {
        var hash = new HashCodeOfThree(tokens);
        for (int i = 0; i < logits.Length; i++)
        {
            logits[i] = hash.Value(i);
        }
    }

    private readonly struct HashCodeOfThree(List<int> tokens)
    {
        private readonly uint _seed = Mix(Mix(Mix(17, At(tokens, 3)), At(tokens, 2)), At(tokens, 1));

        public float Value(int token) => Mix(_seed, token) % 1000 / 100f;

        private static int At(List<int> tokens, int back) => tokens.Count < back ? -1 : tokens[^back];

        private static uint Mix(uint seed, int value) => unchecked(((seed ^ (uint)value) * 2654435761) >> 3);
    }

    private sealed class State(FakeEngine engine, int capacity, StateAbilities abilities) : IEngineState
    {
        private int _snapshot;

        public List<int> Tokens { get; } = [];

        public int Capacity => capacity;

        public int Length => Tokens.Count;

        public long ByteSize => 4L * capacity;

        public StateAbilities Abilities => abilities;

        public int Truncate(int length)
        {
            int reached = (abilities & StateAbilities.Truncate) != 0 || length == Length ? length : _snapshot <= length ? _snapshot : 0;
            Tokens.RemoveRange(reached, Length - reached);
            _snapshot = Math.Min(_snapshot, reached);
            return reached;
        }

        public void TakeSnapshot() => _snapshot = (abilities & StateAbilities.Snapshots) != 0 ? Length : 0;

        public void Shift(int keep, int count)
        {
            if ((abilities & StateAbilities.Shift) == 0)
            {
                throw new NotSupportedException("no shift");
            }

            Tokens.RemoveRange(keep, count);
        }

        public void Dispose() => engine._states--;
    }
}

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using EdgeRuntime.Engine;

namespace EdgeRuntime.Fakes;

/// <summary>
/// An engine of a few lines, over the public interface alone: logits are a hash of the last three tokens of a sequence, whatever batches it
/// came in. The abilities of its states are given, so that everything above the seam can be tried with each kind.
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

    /// <summary>The number of tokens that were computed, including those that were computed again.</summary>
    public int Computed { get; private set; }

    /// <summary>Gets or sets what a pass does before it computes. It receives the token that cancels the pass.</summary>
    public Action<CancellationToken>? OnRun { get; set; }

    /// <summary>Gets the tokens that the next rows of logits prefer, in order. A row without one prefers what the hash says.</summary>
    public Queue<int> Script { get; } = new();

    public bool IsDisposed { get; private set; }

    /// <summary>Calls of <see cref="Prepare"/>.</summary>
    public int Prepared { get; private set; }

    /// <summary>The number of states that are not disposed yet.</summary>
    public int States => _states;

    public IEngineState CreateState(EngineStateOptions options)
    {
        _states++;
        return new State(this, options.Capacity, abilities);
    }

    public void Run(ReadOnlySpan<BatchSlice> batch, CancellationToken cancellationToken = default)
    {
        OnRun?.Invoke(cancellationToken);
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
                    Span<float> logits = slice.Output.Span.Slice((i - first) * vocabularySize, vocabularySize);
                    Fill(state.Tokens, logits);
                    if (Script.TryDequeue(out int token))
                    {
                        logits[token] = 1000;
                    }
                }
            }
        }
    }

    public void Prepare(CancellationToken cancellationToken = default) => Prepared++;

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

        public int NearestLength(int length) =>
            (abilities & StateAbilities.Truncate) != 0 || length == Length ? length : _snapshot <= length ? _snapshot : 0;

        public void Truncate(int length)
        {
            if (NearestLength(length) != length)
            {
                throw new InvalidOperationException($"can't return to {length}");
            }

            Tokens.RemoveRange(length, Length - length);
            _snapshot = Math.Min(_snapshot, length);
        }

        public void TakeSnapshot() => _snapshot = (abilities & StateAbilities.Snapshots) != 0 ? Length : 0;

        public void Shift(int keep, int count)
        {
            Require(StateAbilities.Shift);
            Tokens.RemoveRange(keep, count);
        }

        public void CopyFrom(IEngineState source, int length)
        {
            Require(StateAbilities.Copy);
            Tokens.Clear();
            Tokens.AddRange(((State)source).Tokens.Take(length));
            TakeSnapshot();
        }

        public void Save(Stream destination)
        {
            Require(StateAbilities.Save);
            using var writer = new BinaryWriter(destination, Encoding.UTF8, leaveOpen: true);
            writer.Write(Length);
            Tokens.ForEach(writer.Write);
        }

        public void Load(Stream source)
        {
            Require(StateAbilities.Save);
            Tokens.Clear();
            using var reader = new BinaryReader(source, Encoding.UTF8, leaveOpen: true);
            for (int left = reader.ReadInt32(); left > 0; left--)
            {
                Tokens.Add(reader.ReadInt32());
            }

            TakeSnapshot();
        }

        public void Dispose() => engine._states--;

        private void Require(StateAbilities ability)
        {
            if ((abilities & ability) == 0)
            {
                throw new NotSupportedException($"the state can't {ability}");
            }
        }
    }
}

using System;
using EdgeRuntime.Cli.Bench.Plan;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Engine;

namespace EdgeRuntime.Cli.Bench;

/// <summary>Sequences that one batch of the engine computes together, decoded greedily. Owns their states.</summary>
internal sealed class SequenceBatch : IDisposable
{
    private readonly IEngine _engine;
    private readonly Sampler _sampler;
    private readonly IEngineState[] _states;
    private readonly int[][] _tokens;
    private readonly float[] _logits;
    private readonly BatchSlice[] _slices;
    private int _length;

    /// <param name="model">The model; must outlive this object.</param>
    /// <param name="sequences">Number of sequences.</param>
    /// <param name="positions">Maximum number of positions of a sequence.</param>
    /// <param name="kvTypes">Types of the KV caches.</param>
    public SequenceBatch(LanguageModel model, int sequences, int positions, KvTypes kvTypes)
    {
        _engine = model.Engine;
        _sampler = CreateGreedy(model, positions);
        _states = new IEngineState[sequences];
        _tokens = new int[sequences][];
        _logits = GC.AllocateUninitializedArray<float>(checked(sequences * model.VocabularySize), pinned: true);
        _slices = new BatchSlice[sequences];
        var options = new EngineStateOptions
        {
            Capacity = positions,
            BatchTokens = Math.Min(positions, BenchOptions.BatchTokens),
            KeyType = kvTypes.Keys,
            ValueType = kvTypes.Values,
        };
        for (int i = 0; i < sequences; i++)
        {
            _states[i] = _engine.CreateState(options);
            _tokens[i] = new int[positions + 1];
        }
    }

    /// <summary>Creates the sampler that chooses the tokens: always the most likely one.</summary>
    public static Sampler CreateGreedy(LanguageModel model, int positions) =>
        new(new GenerationOptions { Temperature = 0 }, model.VocabularySize, positions);

    /// <summary>Gets a sequence's tokens: its prompt, the decoded tokens, and the one that comes next.</summary>
    public ReadOnlySpan<int> Tokens(int sequence) => _tokens[sequence].AsSpan(0, _length + 1);

    /// <summary>Restarts every sequence with its prompt, in batches of up to 512 rows, and chooses its next token.</summary>
    /// <param name="prompts">[sequences][1 or more tokens], all of the same length.</param>
    public void Prefill(ReadOnlySpan<int[]> prompts)
    {
        _length = prompts[0].Length;
        for (int i = 0; i < _states.Length; i++)
        {
            _states[i].Truncate(0);
            prompts[i].CopyTo(_tokens[i], 0);
        }

        int sequence = 0;
        int first = 0;
        while (sequence < _states.Length)
        {
            int slices = 0;
            for (int room = BenchOptions.BatchTokens; room > 0 && sequence < _states.Length;)
            {
                int rows = Math.Min(room, _length - first);
                bool isLast = first + rows == _length;
                _slices[slices++] = Slice(sequence, first, rows, isLast ? 1 : 0);
                room -= rows;
                first = isLast ? 0 : first + rows;
                sequence += isLast ? 1 : 0;
            }

            _engine.Run(_slices.AsSpan(0, slices));
        }

        ChooseTokens();
    }

    /// <summary>Decodes one token of every sequence and chooses the next ones. Allocates nothing.</summary>
    public void Decode()
    {
        for (int i = 0; i < _slices.Length; i++)
        {
            _slices[i] = Slice(i, _length, 1, 1);
        }

        _engine.Run(_slices);
        _length++;
        ChooseTokens();
    }

    public void Dispose()
    {
        foreach (IEngineState? state in _states)
        {
            state?.Dispose();
        }
    }

    private BatchSlice Slice(int sequence, int first, int rows, int outputs) =>
        new(_states[sequence], _tokens[sequence].AsMemory(first, rows), outputs, LogitsOf(sequence));

    private Memory<float> LogitsOf(int sequence) => _logits.AsMemory(sequence * _engine.VocabularySize, _engine.VocabularySize);

    private void ChooseTokens()
    {
        for (int i = 0; i < _tokens.Length; i++)
        {
            _tokens[i][_length] = _sampler.Sample(LogitsOf(i).Span);
        }
    }
}

using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;
using EdgeRuntime.Engine;

namespace EdgeRuntime.Embeddings;

/// <summary>
/// Computes texts in passes of many sequences, so that all threads work even if the texts are short. For one call; owns the states of the
/// sequences.
/// </summary>
internal sealed class TextPasses : IDisposable
{
    private readonly IEngine _engine;
    private readonly Pooler _pooler;
    private readonly int _batchTokens;
    private readonly EngineStateOptions _stateOptions;
    private readonly List<IEngineState> _states = [];
    private readonly List<BatchSlice> _slices = [];
    private float[] _outputs = [];

    /// <param name="engine">The engine that computes; not owned.</param>
    /// <param name="pooler">Makes the vectors.</param>
    /// <param name="batchTokens">The number of tokens of a pass.</param>
    /// <param name="kvType">The number format of keys and values.</param>
    /// <param name="longest">The number of tokens of the longest text.</param>
    public TextPasses(IEngine engine, Pooler pooler, int batchTokens, KvCacheType kvType, int longest)
    {
        _engine = engine;
        _pooler = pooler;
        _batchTokens = batchTokens;
        _stateOptions = new EngineStateOptions
        {
            Capacity = longest,
            BatchTokens = Math.Min(batchTokens, longest),
            KeyType = kvType,
            ValueType = kvType,
        };
    }

    /// <summary>Computes the vectors of each text.</summary>
    public TextEmbedding[] Run(ReadOnlySpan<TextInput> texts, CancellationToken cancellationToken)
    {
        var results = new TextEmbedding[texts.Length];
        for (int first = 0, end; first < texts.Length; first = end)
        {
            cancellationToken.ThrowIfCancellationRequested();
            end = first + 1;
            for (int rows = texts[first].Tokens.Length; end < texts.Length; end++)
            {
                rows += texts[end].Tokens.Length;
                if (rows > _batchTokens)
                {
                    break;
                }
            }

            RunBatch(texts[first..end], results.AsSpan(first, end - first), cancellationToken);
        }

        return results;
    }

    /// <inheritdoc/>
    public void Dispose() => _states.ForEach(static state => state.Dispose());

    private void RunBatch(ReadOnlySpan<TextInput> texts, Span<TextEmbedding> results, CancellationToken cancellationToken)
    {
        IEngineState first = StateOf(0);
        if (texts[0].Tokens.Length > _batchTokens && (first.Abilities & StateAbilities.WholePasses) == 0)
        {
            RunInParts(first, texts[0].Tokens, cancellationToken);
        }
        else
        {
            RunWhole(texts, cancellationToken);
        }

        int place = 0;
        for (int i = 0; i < texts.Length; i++)
        {
            int floats = OutputRows(texts[i].Tokens.Length) * _engine.HiddenSize;
            float[] vectors = _pooler.Pool(_outputs.AsSpan(place, floats));
            place += floats;
            results[i] = new TextEmbedding(
                vectors, vectors.Length / _pooler.VectorSize, texts[i].Tokens.Length, texts[i].IsTruncated);
        }
    }

    /// <summary>Computes short texts together in one pass.</summary>
    private void RunWhole(ReadOnlySpan<TextInput> texts, CancellationToken cancellationToken)
    {
        int rows = 0;
        foreach (TextInput text in texts)
        {
            rows += OutputRows(text.Tokens.Length);
        }

        ReserveOutputs(rows);
        int place = 0;
        _slices.Clear();
        for (int i = 0; i < texts.Length; i++)
        {
            int outputs = OutputRows(texts[i].Tokens.Length);
            int floats = outputs * _engine.HiddenSize;
            _slices.Add(new BatchSlice(StateOf(i), texts[i].Tokens, outputs, _outputs.AsMemory(place, floats), OutputKind.Hidden));
            place += floats;
        }

        _engine.Run(CollectionsMarshal.AsSpan(_slices), cancellationToken);
    }

    /// <summary>Computes a text that is longer than a pass, one part after the other.</summary>
    private void RunInParts(IEngineState state, ReadOnlyMemory<int> tokens, CancellationToken cancellationToken)
    {
        ReserveOutputs(OutputRows(tokens.Length));
        for (int done = 0; done < tokens.Length; done += _batchTokens)
        {
            int rows = Math.Min(_batchTokens, tokens.Length - done);
            int outputs = !_pooler.NeedsLastOnly ? rows : done + rows == tokens.Length ? 1 : 0;
            int place = _pooler.NeedsLastOnly ? 0 : done;
            Memory<float> output = _outputs.AsMemory(place * _engine.HiddenSize, outputs * _engine.HiddenSize);
            _engine.Run([new BatchSlice(state, tokens.Slice(done, rows), outputs, output, OutputKind.Hidden)], cancellationToken);
        }
    }

    private int OutputRows(int tokens) => _pooler.NeedsLastOnly ? 1 : tokens;

    private void ReserveOutputs(int rows)
    {
        int floats = checked(rows * _engine.HiddenSize);
        if (_outputs.Length < floats)
        {
            _outputs = GC.AllocateUninitializedArray<float>(floats);
        }
    }

    /// <summary>Returns an empty state, which no other text of the pass has.</summary>
    private IEngineState StateOf(int index)
    {
        if (index == _states.Count)
        {
            _states.Add(_engine.CreateState(_stateOptions));
        }

        _states[index].Truncate(0);
        return _states[index];
    }
}

using System;
using System.Threading;
using EdgeRuntime.Engine;

namespace EdgeRuntime;

/// <summary>
/// One sequence over a model: its tokens and their state (KV cache, recurrent state). For one caller at a time. Owns its memory.
/// </summary>
public sealed partial class ModelSession : IDisposable
{
    private readonly IEngineState _state;
    private readonly int[] _tokens;
    private float[] _logits;
    private int _length; // of the sequence; the state may be behind after a truncation to where it can't return
    private bool _disposed;

    internal ModelSession(LanguageModel model, EngineStateOptions options)
    {
        Model = model;
        ContextLength = options.Capacity;
        BatchTokens = options.BatchTokens;
        _tokens = new int[ContextLength];
        _logits = AllocateLogits(1);
        _state = model.Engine.CreateState(options);
    }

    /// <summary>The model.</summary>
    public LanguageModel Model { get; }

    /// <summary>Most positions that the session can hold.</summary>
    public int ContextLength { get; }

    /// <summary>Most tokens that are computed at once.</summary>
    public int BatchTokens { get; }

    /// <summary>Positions of the sequence.</summary>
    public int Length => _length;

    /// <summary>The tokens of the sequence, [Length]; valid until the next call that changes the session.</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, _length);

    /// <summary>Bytes of the sequence's state at full length; the system commits them as positions are used.</summary>
    public long KvCacheBytes => _state.ByteSize;

    /// <summary>Whether positions can be dropped from the middle (<see cref="Shift"/>).</summary>
    public bool CanShift => (_state.Abilities & StateAbilities.Shift) != 0;

    /// <summary>Appends tokens and computes the logits of the last one.</summary>
    /// <param name="tokens">One or more token ids.</param>
    /// <param name="cancellationToken">Checked between batches and layers; when it stops the call, the session is as before.</param>
    /// <returns>[vocabulary]; valid until the next call.</returns>
    /// <exception cref="ContextFullException">They do not fit; nothing is changed.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A token id that the vocabulary does not have, or none at all.</exception>
    /// <exception cref="ModelFormatException">After a <see cref="ModelOptions.QuickStart"/>: a weight is not finite.</exception>
    /// <exception cref="NonFiniteException">The pass did not give numbers; the message names the layer. The session is as before.</exception>
    /// <exception cref="System.IO.IOException">The file, from which embeddings are read, can't be read any more.</exception>
    public ReadOnlySpan<float> Forward(ReadOnlySpan<int> tokens, CancellationToken cancellationToken = default)
    {
        Append(tokens, logitsRows: 1, cancellationToken);
        return Logits(1);
    }

    /// <summary>Appends tokens and computes the logits of every one.</summary>
    /// <param name="tokens">One to <see cref="BatchTokens"/> token ids.</param>
    /// <param name="cancellationToken">As for <see cref="Forward"/>.</param>
    /// <returns>[tokens, vocabulary]; valid until the next call.</returns>
    /// <inheritdoc cref="Forward" path="/exception"/>
    public ReadOnlySpan<float> ForwardAll(ReadOnlySpan<int> tokens, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tokens.Length, BatchTokens, nameof(tokens));
        Append(tokens, tokens.Length, cancellationToken);
        return Logits(tokens.Length);
    }

    /// <summary>
    /// Forgets everything from position <paramref name="length"/> on. Where the state of the model can't return to that length (recurrent
    /// layers), the next call computes the tokens from the last snapshot on again.
    /// </summary>
    public void Truncate(int length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)_length, nameof(length));
        if (length < _state.Length)
        {
            _state.Truncate(length);
        }

        _length = length;
    }

    /// <summary>
    /// Drops positions [keep, keep + count) and moves the later ones down (context shift): their keys are rotated to the new
    /// positions. What they have seen stays as it was, so the result is close to, not equal to, computing them anew.
    /// </summary>
    /// <exception cref="NotSupportedException">Without <see cref="CanShift"/>.</exception>
    public void Shift(int keep, int count)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(keep);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _length - keep);
        _state.Shift(keep, count);
        _tokens.AsSpan(keep + count, _length - keep - count).CopyTo(_tokens.AsSpan(keep));
        _length -= count;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _state.Dispose();
        }
    }

    private void Append(ReadOnlySpan<int> tokens, int logitsRows, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Check(tokens);
        cancellationToken.ThrowIfCancellationRequested();
        if (_logits.Length < (long)logitsRows * Model.VocabularySize)
        {
            _logits = AllocateLogits(logitsRows);
        }

        int length = _length;
        tokens.CopyTo(_tokens.AsSpan(length));
        try
        {
            Compute(length + tokens.Length, logitsRows, cancellationToken);
            _length += tokens.Length;
        }
        catch
        {
            Truncate(length);
            throw;
        }
    }

    /// <summary>Brings the state from where it is to <paramref name="end"/>, a batch at a time.</summary>
    private void Compute(int end, int logitsRows, CancellationToken cancellationToken)
    {
        while (_state.Length < end)
        {
            int first = _state.Length;
            int rows = Math.Min(BatchTokens, end - first);
            int outputs = first + rows == end ? logitsRows : 0;
            BatchSlice slice = new(_state, _tokens.AsMemory(first, rows), outputs, _logits);
            Model.Engine.Run(new ReadOnlySpan<BatchSlice>(in slice), cancellationToken);
        }
    }

    private void Check(ReadOnlySpan<int> tokens)
    {
        ArgumentOutOfRangeException.ThrowIfZero(tokens.Length, nameof(tokens));
        foreach (int token in tokens)
        {
            if ((uint)token >= (uint)Model.VocabularySize)
            {
                throw new ArgumentOutOfRangeException(nameof(tokens), token, $"not a token id of this model: expected 0 to {Model.VocabularySize - 1}");
            }
        }

        if (tokens.Length > ContextLength - Length)
        {
            throw new ContextFullException(Length, tokens.Length, ContextLength);
        }
    }

    // Pinned: threads write through pointers while a pass runs.
    private float[] AllocateLogits(int rows) => GC.AllocateUninitializedArray<float>(checked(rows * Model.VocabularySize), pinned: true);

    private ReadOnlySpan<float> Logits(int rows) => _logits.AsSpan(0, rows * Model.VocabularySize);
}

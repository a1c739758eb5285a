using System;
using System.Threading;
using EdgeRuntime.Engine;
using EdgeRuntime.Threading;

namespace EdgeRuntime;

/// <summary>One sequence over a model: its tokens and their state (KV cache, recurrent state). Owns its memory.</summary>
/// <remarks>
/// For one thread at a time: a call that finds another one running throws <see cref="InvalidOperationException"/> and changes nothing. So
/// does the next step of an answer after somebody else has used the session since its last step. <see cref="Dispose"/> may come from any
/// thread at any time; after it all members but the descriptive ones throw <see cref="ObjectDisposedException"/>.
/// </remarks>
public sealed partial class ModelSession : IDisposable
{
    // A call for fewer tokens is over soon: it need not be stopped by two tokens at once, which costs an allocation.
    private const int LongCall = 32;

    private readonly IEngineState _state;
    private readonly int[] _tokens;
    private readonly UseGuard _guard = new(nameof(ModelSession));

    // Pinned for the kernels, and the collector's: a span that a caller still reads outlives the session and a larger buffer.
    private float[] _logits;
    private int _length; // of the sequence; the state may be behind after a truncation to where it can't return

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

    /// <summary>Positions of the sequence. May be read while another thread uses the session.</summary>
    public int Length
    {
        get
        {
            _guard.ThrowIfClosed();
            return _length;
        }
    }

    /// <summary>The tokens of the sequence, [Length]; valid until the next call that changes the session.</summary>
    public ReadOnlySpan<int> Tokens
    {
        get
        {
            using UseGuard.Scope call = _guard.Enter();
            return _tokens.AsSpan(0, _length);
        }
    }

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
    /// <exception cref="NonFiniteException">The pass did not give numbers; the message names the layer. The session is as
    /// before.</exception>
    /// <exception cref="System.IO.IOException">The file, from which embeddings are read, can't be read any more.</exception>
    /// <exception cref="InvalidOperationException">Another thread uses the session.</exception>
    /// <exception cref="ObjectDisposedException">The session is disposed, perhaps during the call.</exception>
    public ReadOnlySpan<float> Forward(ReadOnlySpan<int> tokens, CancellationToken cancellationToken = default)
    {
        using UseGuard.Scope call = _guard.Enter();
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
        using UseGuard.Scope call = _guard.Enter();
        Append(tokens, tokens.Length, cancellationToken);
        return Logits(tokens.Length);
    }

    /// <summary>
    /// Forgets everything from position <paramref name="length"/> on. Where the state of the model can't return to that length (recurrent
    /// layers, windows), the next call computes tokens again, from the greatest length on that it can return to.
    /// </summary>
    public void Truncate(int length)
    {
        using UseGuard.Scope call = _guard.Enter();
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)_length, nameof(length));
        Rewind(length);
        _guard.Change();
    }

    /// <summary>
    /// Drops positions [keep, keep + count) and moves the later ones down (context shift): their keys are rotated to the new
    /// positions. What they have seen stays as it was, so the result is close to, not equal to, computing them anew.
    /// </summary>
    /// <exception cref="NotSupportedException">Without <see cref="CanShift"/>.</exception>
    public void Shift(int keep, int count)
    {
        using UseGuard.Scope call = _guard.Enter();
        ArgumentOutOfRangeException.ThrowIfNegative(keep);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _length - keep);
        _state.Shift(keep, count);
        _tokens.AsSpan(keep + count, _length - keep - count).CopyTo(_tokens.AsSpan(keep));
        _length -= count;
        _guard.Change();
    }

    /// <summary>
    /// Frees the session's memory. A call that another thread is in is cancelled, ends with <see cref="ObjectDisposedException"/> and is
    /// waited for. Calling it again does nothing.
    /// </summary>
    public void Dispose()
    {
        if (_guard.Close())
        {
            _state.Dispose();
        }
    }

    private void Append(ReadOnlySpan<int> tokens, int logitsRows, CancellationToken cancellationToken)
    {
        Check(tokens);
        cancellationToken.ThrowIfCancellationRequested();
        _guard.Change();
        if (_logits.Length < (long)logitsRows * Model.VocabularySize)
        {
            _logits = AllocateLogits(logitsRows);
        }

        int length = _length;
        int end = length + tokens.Length;
        tokens.CopyTo(_tokens.AsSpan(length));
        using CancellationTokenSource? linked = end - _state.Length >= LongCall && cancellationToken.CanBeCanceled
            ? CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _guard.Closing)
            : null;
        CancellationToken stop = linked?.Token ?? (cancellationToken.CanBeCanceled ? cancellationToken : _guard.Closing);
        try
        {
            Compute(end, logitsRows, stop);
            _length = end;
        }
        catch (OperationCanceledException) when (_guard.Closing.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new ObjectDisposedException(nameof(ModelSession), "the session was disposed during the call");
        }
        catch
        {
            Rewind(length);
            cancellationToken.ThrowIfCancellationRequested();
            throw;
        }
    }

    /// <summary>Brings the state from where it is to <paramref name="end"/>, a batch at a time.</summary>
    private void Compute(int end, int logitsRows, CancellationToken stop)
    {
        while (_state.Length < end)
        {
            int first = _state.Length;
            int rows = Math.Min(BatchTokens, end - first);
            int outputs = first + rows == end ? logitsRows : 0;
            BatchSlice slice = new(_state, _tokens.AsMemory(first, rows), outputs, _logits);
            stop.ThrowIfCancellationRequested();
            Model.Engine.Run(new ReadOnlySpan<BatchSlice>(in slice), stop);
        }
    }

    private void Rewind(int length)
    {
        if (length < _state.Length)
        {
            _state.Truncate(length);
        }

        _length = length;
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

        if (tokens.Length > ContextLength - _length)
        {
            throw new ContextFullException(_length, tokens.Length, ContextLength);
        }
    }

    private float[] AllocateLogits(int rows) => GC.AllocateUninitializedArray<float>(checked(rows * Model.VocabularySize), pinned: true);

    private ReadOnlySpan<float> Logits(int rows) => _logits.AsSpan(0, rows * Model.VocabularySize);
}

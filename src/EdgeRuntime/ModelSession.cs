using System;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;
using EdgeRuntime.Threading;
using EdgeRuntime.Transformers;
using Isa = EdgeRuntime.Kernels.InstructionSet;

namespace EdgeRuntime;

/// <summary>
/// One sequence over a model: its KV cache, the tokens in it, and scratch memory. Owns its memory.
/// </summary>
/// <remarks>
/// For one thread at a time: a call that finds another one running throws <see cref="InvalidOperationException"/> and changes nothing. So
/// does the next step of an answer after somebody else has used the session since its last step. <see cref="Dispose"/> may come from any
/// thread at any time; after it all members but the descriptive ones throw <see cref="ObjectDisposedException"/>.
/// </remarks>
public sealed unsafe partial class ModelSession : IDisposable
{
    private readonly TransformerForward _forward;
    private readonly KvCache _cache;
    private readonly RopeTable _rope;
    private readonly TransformerSpec _spec;
    private readonly int[] _tokens;
    private readonly UseGuard _guard = new(nameof(ModelSession));

    // Pinned for the kernels, and the collector's: a span that a caller still reads outlives the session and a larger buffer.
    private float[] _logits;

    internal ModelSession(
        LanguageModel model, TransformerSpec spec, TransformerWeights weights, WorkerPool team, Isa isa, int contextLength,
        KvCacheType kvType, int batchTokens)
    {
        Model = model;
        ContextLength = contextLength;
        BatchTokens = Math.Min(batchTokens, contextLength);
        _spec = spec;
        _tokens = new int[contextLength];
        _rope = new RopeTable(spec.Rope, contextLength);
        _cache = new KvCache(spec.Layers, spec.KvHeads, spec.KeyLength, spec.ValueLength, contextLength, kvType);
        _forward = new TransformerForward(spec, weights, team, isa, BatchTokens, kvType, contextLength);
        _logits = AllocateLogits(weights.Vocabulary);
    }

    /// <summary>The model.</summary>
    public LanguageModel Model { get; }

    /// <summary>Most positions that the session can hold.</summary>
    public int ContextLength { get; }

    /// <summary>Most tokens that are computed at once.</summary>
    public int BatchTokens { get; }

    /// <summary>Positions in the KV cache. May be read while another thread uses the session.</summary>
    public int Length
    {
        get
        {
            _guard.ThrowIfClosed();
            return _cache.Length;
        }
    }

    /// <summary>The tokens in the KV cache, [Length]; valid until the next call that changes the session.</summary>
    public ReadOnlySpan<int> Tokens
    {
        get
        {
            using UseGuard.Scope call = _guard.Enter();
            return _tokens.AsSpan(0, _cache.Length);
        }
    }

    /// <summary>Bytes of the KV cache at full length; the system commits them as positions are used.</summary>
    public long KvCacheBytes => _cache.ByteSize;

    /// <summary>Appends tokens and computes the logits of the last one.</summary>
    /// <param name="tokens">One or more token ids.</param>
    /// <param name="cancellationToken">Checked between batches and layers; when it stops the call, the session is as before.</param>
    /// <returns>[vocabulary]; valid until the next call.</returns>
    /// <exception cref="ContextFullException">They do not fit; nothing is changed.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A token id that the vocabulary does not have, or none at all.</exception>
    /// <exception cref="ModelFormatException">After a <see cref="ModelOptions.QuickStart"/>: a weight is not finite.</exception>
    /// <exception cref="NonFiniteException">The pass did not give numbers; the message names the layer.</exception>
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

    /// <summary>Forgets everything from position <paramref name="length"/> on.</summary>
    public void Truncate(int length)
    {
        using UseGuard.Scope call = _guard.Enter();
        _cache.Truncate(length);
        _guard.Change();
    }

    /// <summary>
    /// Drops positions [keep, keep + count) and moves the later ones down (context shift): their keys are rotated to the new
    /// positions. What they have seen stays as it was, so the result is close to, not equal to, computing them anew.
    /// </summary>
    public void Shift(int keep, int count)
    {
        using UseGuard.Scope call = _guard.Enter();
        ArgumentOutOfRangeException.ThrowIfNegative(keep);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Length - keep);
        int length = Length;
        float[] cos = new float[_rope.Pairs];
        float[] sin = new float[_rope.Pairs];
        _rope.FillDelta(-count, cos, sin);
        _cache.Shift(keep, count, cos, sin, _spec.Rope.Pairing);
        _tokens.AsSpan(keep + count, length - keep - count).CopyTo(_tokens.AsSpan(keep));
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
            _forward.Dispose();
            _cache.Dispose();
            Model.Release();
        }
    }

    private void Append(ReadOnlySpan<int> tokens, int logitsRows, CancellationToken cancellationToken)
    {
        Check(tokens);
        cancellationToken.ThrowIfCancellationRequested();
        _guard.Change();
        Reserve(logitsRows);
        int length = Length;
        tokens.CopyTo(_tokens.AsSpan(length));
        try
        {
            if (!TryCompute(tokens, logitsRows, cancellationToken) || !TensorPrimitives.IsFiniteAll(Logits(logitsRows)))
            {
                _cache.Truncate(length);
                throw FindNonFinite(tokens, logitsRows, cancellationToken);
            }
        }
        catch
        {
            _cache.Truncate(length);
            throw;
        }
    }

    /// <summary>False where an activation was not finite; what is behind it is not computed, and the cache holds garbage.</summary>
    private bool TryCompute(ReadOnlySpan<int> tokens, int logitsRows, CancellationToken cancellationToken, ActivationProbe? probe = null)
    {
        var stop = new StopTokens(cancellationToken, _guard.Closing);
        for (int first = 0; first < tokens.Length; first += BatchTokens)
        {
            int rows = Math.Min(BatchTokens, tokens.Length - first);
            int logits = first + rows == tokens.Length ? logitsRows : 0;
            BatchSlice slice = new(_cache, _rope, FirstRow: 0, rows);
            stop.ThrowIfRequested();
            probe?.BeginBatch(Length);
            if (!_forward.Run(
                tokens.Slice(first, rows), new ReadOnlySpan<BatchSlice>(in slice), logits, LogitsPointer, stop, probe))
            {
                return false;
            }

            _cache.Advance(rows);
        }

        return true;
    }

    /// <summary>Computes tokens again, whose result was not finite, and says where that began.</summary>
    private NonFiniteException FindNonFinite(ReadOnlySpan<int> tokens, int logitsRows, CancellationToken cancellationToken)
    {
        var probe = new ActivationProbe();
        int firstLogits = Length + tokens.Length - logitsRows;
        if (TryCompute(tokens, logitsRows, cancellationToken, probe))
        {
            probe.BeginBatch(firstLogits);
            probe.Look("output matrix", layer: null, LogitsPointer, 0, logitsRows, Model.VocabularySize);
        }

        // What does not come again was no property of the weights.
        string place = probe.Place ?? "a pass whose repetition gave numbers (the machine's memory may be faulty)";
        int position = probe.Place is null ? firstLogits : probe.Position;
        float value = probe.Place is null ? float.NaN : probe.Value;
        return new NonFiniteException(Model.File.Path, place, probe.Layer, position, _tokens[position], value);
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

    private void Reserve(int logitsRows)
    {
        int count = checked(logitsRows * Model.VocabularySize);
        if (_logits.Length < count)
        {
            _logits = AllocateLogits(count);
        }
    }

    private float* LogitsPointer => (float*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_logits));

    private ReadOnlySpan<float> Logits(int rows) => _logits.AsSpan(0, rows * Model.VocabularySize);

    private static float[] AllocateLogits(int count) => GC.AllocateUninitializedArray<float>(count, pinned: true);
}

using System;
using System.Numerics.Tensors;
using System.Threading;
using EdgeRuntime.Memory;
using EdgeRuntime.Threading;
using EdgeRuntime.Transformers;
using Isa = EdgeRuntime.Kernels.InstructionSet;

namespace EdgeRuntime;

/// <summary>
/// One sequence over a model: its KV cache, the tokens in it, and scratch memory. For one caller at a time. Owns its memory.
/// </summary>
public sealed unsafe partial class ModelSession : IDisposable
{
    private readonly TransformerForward _forward;
    private readonly KvCache _cache;
    private readonly RopeTable _rope;
    private readonly TransformerSpec _spec;
    private readonly int[] _tokens;
    private NativeBuffer _logits;
    private bool _disposed;

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
        _logits = new NativeBuffer((long)weights.Vocabulary * sizeof(float));
    }

    /// <summary>The model.</summary>
    public LanguageModel Model { get; }

    /// <summary>Most positions that the session can hold.</summary>
    public int ContextLength { get; }

    /// <summary>Most tokens that are computed at once.</summary>
    public int BatchTokens { get; }

    /// <summary>Positions in the KV cache.</summary>
    public int Length => _cache.Length;

    /// <summary>The tokens in the KV cache, [Length]; valid until the next call that changes the session.</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, Length);

    /// <summary>Bytes of the KV cache at full length; the system commits them as positions are used.</summary>
    public long KvCacheBytes => _cache.ByteSize;

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

    /// <summary>Forgets everything from position <paramref name="length"/> on.</summary>
    public void Truncate(int length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _cache.Truncate(length);
    }

    /// <summary>
    /// Drops positions [keep, keep + count) and moves the later ones down (context shift): their keys are rotated to the new
    /// positions. What they have seen stays as it was, so the result is close to, not equal to, computing them anew.
    /// </summary>
    public void Shift(int keep, int count)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(keep);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Length - keep);
        int length = Length;
        float[] cos = new float[_rope.Pairs];
        float[] sin = new float[_rope.Pairs];
        _rope.FillDelta(-count, cos, sin);
        _cache.Shift(keep, count, cos, sin, _spec.Rope.Pairing);
        _tokens.AsSpan(keep + count, length - keep - count).CopyTo(_tokens.AsSpan(keep));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _forward.Dispose();
        _cache.Dispose();
        _logits.Dispose();
        Model.Release();
    }

    private void Append(ReadOnlySpan<int> tokens, int logitsRows, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Check(tokens);
        cancellationToken.ThrowIfCancellationRequested();
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
        for (int first = 0; first < tokens.Length; first += BatchTokens)
        {
            int rows = Math.Min(BatchTokens, tokens.Length - first);
            int logits = first + rows == tokens.Length ? logitsRows : 0;
            BatchSlice slice = new(_cache, _rope, FirstRow: 0, rows);
            probe?.BeginBatch(Length);
            if (!_forward.Run(
                tokens.Slice(first, rows), new ReadOnlySpan<BatchSlice>(in slice), logits, (float*)_logits.Pointer, cancellationToken, probe))
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
            probe.Look("output matrix", layer: null, (float*)_logits.Pointer, 0, logitsRows, Model.VocabularySize);
        }

        // What does not come again was no property of the weights.
        string place = probe.Place ?? "a pass whose repetition gave numbers (the machine's memory may be faulty)";
        int position = probe.Place is null ? firstLogits : probe.Position;
        return new NonFiniteException(Model.File.Path, place, probe.Layer, position, _tokens[position], probe.Place is null ? float.NaN : probe.Value);
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
        long bytes = (long)logitsRows * Model.VocabularySize * sizeof(float);
        if (_logits.ByteLength < bytes)
        {
            _logits.Dispose();
            _logits = new NativeBuffer(bytes);
        }
    }

    private ReadOnlySpan<float> Logits(int rows) => new((float*)_logits.Pointer, checked(rows * Model.VocabularySize));
}

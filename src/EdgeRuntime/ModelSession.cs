using System;
using System.Threading;

namespace EdgeRuntime;

/// <summary>
/// One sequence over a model: its KV cache, the tokens in it, and scratch memory. For one caller at a time. Owns its memory.
/// </summary>
public sealed partial class ModelSession : IDisposable
{
    internal ModelSession() => throw new NotImplementedException();

    /// <summary>The model.</summary>
    public LanguageModel Model => throw new NotImplementedException();

    /// <summary>Most positions that the session can hold.</summary>
    public int ContextLength => throw new NotImplementedException();

    /// <summary>Positions in the KV cache.</summary>
    public int Length => throw new NotImplementedException();

    /// <summary>The tokens in the KV cache, [Length]; valid until the next call that changes the session.</summary>
    public ReadOnlySpan<int> Tokens => throw new NotImplementedException();

    /// <summary>Bytes of the KV cache at full length.</summary>
    public long KvCacheBytes => throw new NotImplementedException();

    /// <summary>Appends tokens and computes the logits of the last one.</summary>
    /// <param name="tokens">One or more token ids.</param>
    /// <param name="cancellationToken">Checked between batches and layers; after it the session is as before the call.</param>
    /// <returns>[vocabulary]; valid until the next call.</returns>
    /// <exception cref="ContextFullException">They do not fit; nothing is changed.</exception>
    public ReadOnlySpan<float> Forward(ReadOnlySpan<int> tokens, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Appends tokens and computes the logits of every one.</summary>
    /// <param name="tokens">At most <see cref="SessionOptions.BatchTokens"/> token ids.</param>
    /// <param name="cancellationToken">As for <see cref="Forward"/>.</param>
    /// <returns>[tokens, vocabulary]; valid until the next call.</returns>
    public ReadOnlySpan<float> ForwardAll(ReadOnlySpan<int> tokens, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Forgets everything from position <paramref name="length"/> on.</summary>
    public void Truncate(int length) => throw new NotImplementedException();

    /// <summary>Drops positions [keep, keep + count) and moves the later ones down (context shift): their keys are rotated to the new positions.</summary>
    public void Shift(int keep, int count) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}

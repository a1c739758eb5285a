using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Engine;
using EdgeRuntime.Scheduling;
using EdgeRuntime.Threading;

namespace EdgeRuntime;

/// <summary>
/// Represents one sequence over a model: its tokens and their state (KV cache, recurrent state). Owns the memory of the state.
/// </summary>
/// <remarks>
/// A session serves one call at a time, on whatever thread. A call during another call throws <see cref="InvalidOperationException"/> and
/// changes nothing. So does a call between two steps of an answer of a <see cref="ChatSession"/>. An answer of <c>Generate</c> ends
/// with the same exception if other code has used the session since its last step. Any thread may call <see cref="Dispose"/> at any
/// time. After that, only the members that describe the session are usable; all others throw <see cref="ObjectDisposedException"/>.
/// </remarks>
/// <example>
/// <code>
/// using ModelSession session = model.CreateSession(new SessionOptions { ContextLength = 2048 });
/// ReadOnlySpan&lt;float&gt; logits = session.Forward(model.Tokenizer.Encode("The capital of France is"));
/// Console.WriteLine($"{session.Length} tokens, {logits.Length} logits");
/// session.Truncate(2); // goes back, and the next call continues from there
/// </code>
/// </example>
public sealed partial class ModelSession : IDisposable
{
    // A shorter call ends soon, so it observes only one cancellation token. Linking two allocates.
    private const int LongCall = 32;

    private readonly IEngineState _state;
    private readonly ScheduledSequence _passes;
    private readonly int[] _tokens;
    private readonly UseGuard _guard = new(nameof(ModelSession));

    // Pinned for the kernels. Managed, so that a span in use by a caller outlives the session and a larger buffer.
    private float[] _logits;
    private int _length; // of the sequence; the state may be behind after a truncation to where it can't return

    internal ModelSession(LanguageModel model, EngineStateOptions options)
    {
        Model = model;
        ContextLength = options.Capacity;
        _tokens = new int[ContextLength];
        _logits = AllocateLogits(1);
        _state = model.Engine.CreateState(options);
        BatchTokens = CanGenerate ? options.BatchTokens : options.Capacity;
        _passes = model.Scheduler.Open(options);
    }

    /// <summary>Gets the model that the session runs on. The session does not own it.</summary>
    public LanguageModel Model { get; }

    /// <summary>Gets the greatest number of positions that the session can hold.</summary>
    public int ContextLength { get; }

    /// <summary>Gets the greatest number of tokens in one forward pass.</summary>
    public int BatchTokens { get; }

    /// <summary>Gets the number of positions in the sequence. Any thread may read it while another thread uses the session.</summary>
    public int Length => _length;

    /// <summary>Gets the token ids of the sequence, [Length]. The span is valid until the next call that changes the session.</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, _length);

    /// <summary>
    /// Gets the size of the sequence's state at full length, in bytes. The system commits the memory as positions are used.
    /// </summary>
    public long KvCacheBytes => _state.ByteSize;

    /// <summary>
    /// Gets a value indicating whether the model can continue a text token by token. If not, its positions attend to later ones too
    /// (encoders, diffusion models): each call computes the whole sequence anew, and <see cref="BatchTokens"/> is the context.
    /// </summary>
    public bool CanGenerate => (_state.Abilities & StateAbilities.WholePasses) == 0;

    /// <summary>Gets the LoRA adapters that the sequence is computed with; by default none.</summary>
    public IReadOnlyList<AdapterScale> Adapters => _state.Adapters;

    /// <summary>Gets a value indicating whether <see cref="Shift"/> can drop positions from the middle of the sequence.</summary>
    public bool CanShift => (_state.Abilities & StateAbilities.Shift) != 0;

    /// <summary>Appends tokens to the sequence and computes the logits of the last one.</summary>
    /// <param name="tokens">One or more token ids.</param>
    /// <param name="cancellationToken">Cancels the call. It is checked between batches and between layers.</param>
    /// <returns>The logits, [vocabulary]. The span is valid until the next call.</returns>
    /// <remarks>If the call throws, the sequence is the same as before the call.</remarks>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    /// <exception cref="ContextFullException">The tokens do not fit into the context.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are no tokens, or a token id is not in the vocabulary.</exception>
    /// <exception cref="ModelFormatException">
    /// A weight is not finite; possible only after a <see cref="ModelOptions.QuickStart"/>.
    /// </exception>
    /// <exception cref="NonFiniteException">The computation gave infinity or NaN. The message names the layer.</exception>
    /// <exception cref="System.IO.IOException">The model file, which contains the embeddings, can no longer be read.</exception>
    /// <exception cref="InvalidOperationException">Another call of the session is running.</exception>
    /// <exception cref="ObjectDisposedException">The session is disposed, possibly during the call.</exception>
    public ReadOnlySpan<float> Forward(scoped ReadOnlySpan<int> tokens, CancellationToken cancellationToken = default)
    {
        using UseGuard.Scope call = _guard.Enter();
        AppendAsync(tokens, logitsRows: 1, new CallContext(IsAsync: false, cancellationToken)).Complete();
        return Logits(1).Span;
    }

    /// <summary>
    /// Appends tokens to the sequence and computes the logits of the last one. No thread is blocked while the call waits for the engine.
    /// </summary>
    /// <param name="tokens">One or more token ids. They are copied before the method returns.</param>
    /// <param name="cancellationToken">Cancels the call. It is checked between batches and between layers.</param>
    /// <returns>The logits, [vocabulary]. The memory is valid until the next call.</returns>
    /// <inheritdoc cref="Forward" path="/remarks"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    public async Task<ReadOnlyMemory<float>> ForwardAsync(ReadOnlyMemory<int> tokens, CancellationToken cancellationToken = default)
    {
        using UseGuard.Scope call = _guard.Enter();
        await AppendAsync(tokens.Span, logitsRows: 1, new CallContext(IsAsync: true, cancellationToken)).ConfigureAwait(false);
        return Logits(1);
    }

    /// <summary>Appends tokens to the sequence and computes the logits of every one.</summary>
    /// <param name="tokens">One to <see cref="BatchTokens"/> token ids.</param>
    /// <param name="cancellationToken">Cancels the call. It is checked between batches and between layers.</param>
    /// <returns>The logits, [tokens, vocabulary]. The span is valid until the next call.</returns>
    /// <inheritdoc cref="Forward" path="/remarks"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    public ReadOnlySpan<float> ForwardAll(scoped ReadOnlySpan<int> tokens, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tokens.Length, BatchTokens, nameof(tokens));
        using UseGuard.Scope call = _guard.Enter();
        AppendAsync(tokens, tokens.Length, new CallContext(IsAsync: false, cancellationToken)).Complete();
        return Logits(tokens.Length).Span;
    }

    /// <summary>
    /// Replaces the LoRA adapters that the sequence is computed with. The tokens stay. If the adapters differ, the next call computes all
    /// of them again.
    /// </summary>
    /// <param name="adapters">Adapters of <see cref="LanguageModel.LoadAdapter"/> with their scales; none for the model itself.</param>
    /// <exception cref="ArgumentException">An adapter belongs to another model, or is there twice. Nothing has changed.</exception>
    /// <exception cref="NotSupportedException">The engine of the model has no adapters.</exception>
    /// <exception cref="InvalidOperationException">Another call of the session is running.</exception>
    /// <exception cref="ObjectDisposedException">The session is disposed.</exception>
    public void UseAdapters(params ReadOnlySpan<AdapterScale> adapters)
    {
        using UseGuard.Scope call = _guard.Enter();
        if (!adapters.SequenceEqual(_state.Adapters.ToArray()))
        {
            _guard.Change();
            _state.Truncate(0);
            _state.UseAdapters(adapters);
        }
    }

    /// <summary>Removes all positions from <paramref name="length"/> on.</summary>
    /// <param name="length">The new length, 0 to <see cref="Length"/>.</param>
    /// <remarks>
    /// Recurrent layers and layers with a sliding window can't return to every length. In that case the next call recomputes the tokens
    /// behind the greatest length that the state can return to.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The length is negative or greater than <see cref="Length"/>.</exception>
    /// <exception cref="InvalidOperationException">Another call of the session is running.</exception>
    /// <exception cref="ObjectDisposedException">The session is disposed.</exception>
    public void Truncate(int length)
    {
        using UseGuard.Scope call = _guard.Enter();
        ((ISequenceState)this).Truncate(length);
    }

    /// <summary>
    /// Removes positions [keep, keep + count) and moves the later ones down, rotating their keys to the new positions (context shift).
    /// </summary>
    /// <param name="keep">The number of positions to keep at the start.</param>
    /// <param name="count">The number of positions to remove.</param>
    /// <remarks>
    /// The remaining keys and values were computed with the removed positions in view. The result is therefore close to, but not equal to,
    /// a new computation.
    /// </remarks>
    /// <exception cref="NotSupportedException"><see cref="CanShift"/> is false.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative, or the positions are not all in the sequence.</exception>
    /// <exception cref="InvalidOperationException">Another call of the session is running.</exception>
    /// <exception cref="ObjectDisposedException">The session is disposed.</exception>
    public void Shift(int keep, int count)
    {
        using UseGuard.Scope call = _guard.Enter();
        ((ISequenceState)this).Shift(keep, count);
    }

    /// <summary>
    /// Frees the memory of the session. A running call is cancelled and throws <see cref="ObjectDisposedException"/>; this method waits for
    /// its end. A second call does nothing.
    /// </summary>
    public void Dispose()
    {
        if (_guard.Close())
        {
            _passes.Dispose();
            _state.Dispose();
        }
    }

    private ValueTask AppendAsync(ReadOnlySpan<int> tokens, int logitsRows, CallContext context)
    {
        Check(tokens);
        context.CancellationToken.ThrowIfCancellationRequested();
        _guard.Change();
        if (_logits.Length < (long)logitsRows * Model.VocabularySize)
        {
            _logits = AllocateLogits(logitsRows);
        }

        tokens.CopyTo(_tokens.AsSpan(_length));
        return ComputeAsync(_length + tokens.Length, logitsRows, context);
    }

    /// <summary>Computes positions up to <paramref name="end"/>. After an exception, the sequence is the same as before.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask ComputeAsync(int end, int logitsRows, CallContext context)
    {
        int length = _length;
        CancellationToken cancellationToken = context.CancellationToken;
        using CancellationTokenSource? linked = end - _state.Length >= LongCall && cancellationToken.CanBeCanceled
            ? CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _guard.Closing)
            : null;
        CancellationToken stop = linked?.Token ?? (cancellationToken.CanBeCanceled ? cancellationToken : _guard.Closing);
        try
        {
            await RunAsync(end, logitsRows, context with { CancellationToken = stop }).ConfigureAwait(false);
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

    /// <summary>Runs the engine up to position <paramref name="end"/>, one batch at a time.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask RunAsync(int end, int logitsRows, CallContext context)
    {
        if (!CanGenerate)
        {
            _state.Truncate(0);
        }

        while (_state.Length < end)
        {
            int first = _state.Length;
            int rows = Math.Min(BatchTokens, end - first);
            int outputs = first + rows == end ? logitsRows : 0;
            BatchSlice slice = new(_state, _tokens.AsMemory(first, rows), outputs, _logits);
            context.CancellationToken.ThrowIfCancellationRequested();
            if (context.IsAsync)
            {
                await _passes.RunAsync(slice, context.CancellationToken).ConfigureAwait(false);
            }
            else
            {
                _passes.Run(slice, context.CancellationToken);
            }
        }
    }

    private void Rewind(int length)
    {
        if (length < _state.Length)
        {
            // Where the state can't return to the length, it goes back further; the next call computes the tokens in between again.
            _state.Truncate(_state.NearestLength(length));
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
                throw new ArgumentOutOfRangeException(
                    nameof(tokens), token, $"not a token id of this model: expected 0 to {Model.VocabularySize - 1}");
            }
        }

        if (tokens.Length > ContextLength - _length)
        {
            throw new ContextFullException(_length, tokens.Length, ContextLength);
        }
    }

    private float[] AllocateLogits(int rows) => GC.AllocateUninitializedArray<float>(checked(rows * Model.VocabularySize), pinned: true);

    private ReadOnlyMemory<float> Logits(int rows) => _logits.AsMemory(0, rows * Model.VocabularySize);
}

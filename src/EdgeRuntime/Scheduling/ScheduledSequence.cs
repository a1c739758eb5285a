using System;
using System.Runtime.ExceptionServices;
using System.Threading;
using System.Threading.Tasks;
using System.Threading.Tasks.Sources;
using EdgeRuntime.Engine;

namespace EdgeRuntime.Scheduling;

/// <summary>
/// Submits the slices of one sequence to the <see cref="BatchScheduler"/>, one request at a time. Requests reuse this object and allocate
/// nothing. Dispose it before the state of the sequence; it owns nothing that others see.
/// </summary>
internal sealed class ScheduledSequence : IValueTaskSource, IDisposable
{
    private readonly BatchScheduler _scheduler;
    private readonly int _index;
    private ManualResetValueTaskSourceCore<bool> _completion = new() { RunContinuationsAsynchronously = true };
    private BatchSlice _slice;
    private CancellationTokenRegistration _registration;
    private volatile RequestState _state;
    private int _computed; // tokens of the slice

    /// <param name="scheduler">The scheduler of the model.</param>
    /// <param name="index">A number that no other sequence of the scheduler has.</param>
    /// <param name="options">The options of the state whose slices are to be submitted.</param>
    public ScheduledSequence(BatchScheduler scheduler, int index, EngineStateOptions options)
    {
        _scheduler = scheduler;
        _index = index;
        CacheTypes = (options.KeyType, options.ValueType);
    }

    /// <summary>Gets the number formats of the cache, which all sequences of a pass have in common.</summary>
    public (KvCacheType Keys, KvCacheType Values) CacheTypes { get; }

    /// <summary>Gets the caller of the current or last request, as <see cref="RecentCallers"/> counts callers.</summary>
    public long Caller { get; private set; }

    /// <summary>Gets a value indicating whether the current or last request is asynchronous.</summary>
    public bool IsAsync { get; private set; }

    /// <summary>Gets the signal that wakes the thread of a synchronous request.</summary>
    public ManualResetEventSlim Signal { get; } = new(initialState: false, spinCount: 0); // a pass takes longer than any spinning

    /// <summary>Gets the token that cancels the request.</summary>
    public CancellationToken Cancellation { get; private set; }

    /// <summary>Gets the number of tokens of the request that are not computed yet.</summary>
    public int RemainingRows => _slice.Tokens.Length - _computed;

    /// <summary>Gets a value indicating whether the request must be computed in one pass.</summary>
    public bool IsWhole => (_slice.State.Abilities & StateAbilities.WholePasses) != 0;

    /// <summary>Gets a value indicating whether the current or last request is short, such as a token.</summary>
    public bool IsShort { get; private set; }

    /// <summary>Gets a value indicating whether the request waits for a pass.</summary>
    public bool IsWaiting => _state == RequestState.Waiting;

    /// <summary>Gets a value indicating whether the caller has been told the outcome of the request.</summary>
    public bool IsReleased => _state == RequestState.Idle;

    /// <summary>Gets or sets the outcome of a request that failed; null for success.</summary>
    public Exception? Error { get; set; }

    /// <summary>Computes a slice. The calling thread computes or blocks until the slice is complete.</summary>
    /// <param name="slice">The slice, with at most as many tokens as a batch of the state may have.</param>
    /// <param name="cancellationToken">
    /// Cancels the request, which may leave the first tokens of the slice in the state.
    /// </param>
    /// <remarks>Throws what <see cref="IEngine.Run"/> throws for this slice.</remarks>
    /// <exception cref="OperationCanceledException">The request was cancelled.</exception>
    /// <exception cref="InvalidOperationException">Another request of the sequence is in progress.</exception>
    public void Run(in BatchSlice slice, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Begin(slice, Environment.CurrentManagedThreadId, isAsync: false, cancellationToken);
        _scheduler.Run(this);
        if (Error is { } error)
        {
            ExceptionDispatchInfo.Throw(error);
        }
    }

    /// <summary>Computes a slice on other threads. The calling thread goes on.</summary>
    /// <inheritdoc cref="Run" path="/param"/>
    /// <returns>A task that ends when the slice is complete, or fails as <see cref="Run"/> does. Await it once.</returns>
    /// <inheritdoc cref="Run" path="/exception"/>
    public ValueTask RunAsync(BatchSlice slice, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        Begin(slice, -1 - _index, isAsync: true, cancellationToken);
        _completion.Reset();
        short version = _completion.Version;

        // Before the request is visible: a registration after its end would stay for ever.
        _registration = Register();
        _scheduler.Submit(this);
        return new ValueTask(this, version);
    }

    /// <summary>Registers for the cancellation of the request.</summary>
    public CancellationTokenRegistration Register() => Cancellation.UnsafeRegister(
        static sequence => ((ScheduledSequence)sequence!)._scheduler.Cancel((ScheduledSequence)sequence), this);

    /// <summary>Gets the next tokens of the request as a slice.</summary>
    /// <param name="rows">The number of tokens, 1 to <see cref="RemainingRows"/>.</param>
    /// <param name="engine">The engine, which knows the width of outputs.</param>
    public BatchSlice NextPart(int rows, IEngine engine)
    {
        if (rows == _slice.Tokens.Length)
        {
            return _slice;
        }

        int width = _slice.Kind == OutputKind.Logits ? engine.VocabularySize : engine.HiddenSize;
        int done = Math.Max(0, _computed - FirstOutput);
        int outputs = OutputsOf(rows);
        return _slice with
        {
            Tokens = _slice.Tokens.Slice(_computed, rows),
            OutputRows = outputs,
            Output = outputs == 0 ? default : _slice.Output.Slice(done * width, outputs * width),
        };
    }

    /// <summary>Limits a number of next tokens so that they have at most <paramref name="mostOutputs"/> outputs.</summary>
    public int LimitOutputs(int rows, int mostOutputs) => rows - Math.Max(0, OutputsOf(rows) - mostOutputs);

    /// <summary>Gets the number of outputs that the next tokens have.</summary>
    public int OutputsOf(int rows) => Math.Max(0, _computed + rows - Math.Max(_computed, FirstOutput));

    /// <summary>Counts computed tokens.</summary>
    public void Advance(int rows) => _computed += rows;

    /// <summary>Marks the request as waiting for a pass.</summary>
    public void MarkWaiting() => _state = RequestState.Waiting;

    /// <summary>Marks the request as part of a pass, or as finished and about to be released.</summary>
    public void MarkTaken() => _state = RequestState.Taken;

    /// <summary>Tells the caller the outcome. Call it without holding a lock: a continuation may be posted anywhere.</summary>
    public void Release()
    {
        _slice = default;
        if (!IsAsync)
        {
            _state = RequestState.Idle;
            Signal.Set();
            return;
        }

        _registration.Unregister();
        Exception? error = Error;
        _state = RequestState.Idle;
        if (error is null)
        {
            _completion.SetResult(true);
        }
        else
        {
            _completion.SetException(error);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _scheduler.Close(this);
        Signal.Dispose();
    }

    void IValueTaskSource.GetResult(short token) => _completion.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _completion.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _completion.OnCompleted(continuation, state, token, flags);

    private int FirstOutput => _slice.Tokens.Length - _slice.OutputRows;

    private void Begin(in BatchSlice slice, long caller, bool isAsync, CancellationToken cancellationToken)
    {
        if (_state != RequestState.Idle)
        {
            throw new InvalidOperationException("a request of the sequence is in progress; wait for its end");
        }

        (_slice, _computed, Caller, IsAsync, Cancellation, Error) = (slice, 0, caller, isAsync, cancellationToken, null);
        IsShort = slice.Tokens.Length <= SharedPass.MostShortRows;
    }

    private enum RequestState
    {
        Idle,
        Waiting,
        Taken,
    }
}

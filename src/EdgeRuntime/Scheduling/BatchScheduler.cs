using System;
using System.Collections.Generic;
using System.Threading;
using EdgeRuntime.Engine;

namespace EdgeRuntime.Scheduling;

/// <summary>
/// Lets the sequences of a model share forward passes. Requests that are there at the same time meet in one pass of the engine; long ones
/// are computed in parts, so that short ones do not wait for them.
/// </summary>
/// <remarks>
/// <para>There is no thread of the scheduler (flat combining). A synchronous caller that can start a pass drives it: it computes its own
/// request together with those that wait. A caller alone therefore computes on its own thread, and nothing else happens. A work item of the
/// thread pool drives if only asynchronous requests wait.</para>
/// <para>After a pass, its callers need a moment to choose their next tokens. Where there is more than one caller, the next pass waits for
/// all of them, at most an eighth of the time of the last pass. The last one to come back drives, so no thread has to be woken before the
/// pass. A timer ends the wait for those that do not come.</para>
/// <para>Whenever requests wait, someone is bound to start the next pass: a driver, a thread or work item that was appointed, or the
/// timer.</para>
/// </remarks>
#pragma warning disable CA1001 // the timer fires once and then holds nothing
internal sealed partial class BatchScheduler : IThreadPoolWorkItem
#pragma warning restore CA1001
{
    private const int WaitShare = 8;

    // A caller without a request counts as active for longer than an application takes between two tokens.
    private static readonly TimeSpan s_activeWindow = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly TimeProvider _clock;
    private readonly SharedPass _pass;
    private readonly PassBudget _budget = new();
    private readonly List<ScheduledSequence> _waiting = []; // the oldest first
    private readonly List<ScheduledSequence> _expected = []; // were in the last pass and will probably be back soon
    private readonly List<ScheduledSequence> _finished = []; // to be released by the driver
    private RecentCallers _callers;
    private RecentCallers _decoders; // callers of short requests
    private long _passEnd;
    private TimeSpan _patience; // after the end of the last pass, for the expected
    private int _sequences;
    private bool _isDriven;

    /// <param name="engine">The engine that computes; not owned.</param>
    /// <param name="clock">The clock that measures passes and limits waiting; null for the system clock.</param>
    public BatchScheduler(IEngine engine, TimeProvider? clock = null)
    {
        _clock = clock ?? TimeProvider.System;
        _pass = new SharedPass(engine);
    }

    /// <summary>Gets whether a pass may start now. Call it inside the lock.</summary>
    private bool CanStart => !_isDriven && _waiting.Count > 0
        && (_expected.Count == 0 || _clock.GetElapsedTime(_passEnd) >= _patience);

    /// <summary>Adds a sequence. The caller disposes it.</summary>
    /// <param name="options">The options of its state.</param>
    public ScheduledSequence Open(EngineStateOptions options)
    {
        lock (_lock)
        {
            _pass.RowLimit = Math.Max(_pass.RowLimit, options.BatchTokens);
            return new ScheduledSequence(this, _sequences++, options);
        }
    }

    /// <summary>Completes a synchronous request: drives passes, or blocks while others do.</summary>
    public void Run(ScheduledSequence request)
    {
        CancellationTokenRegistration registration = default;
        bool starts;
        lock (_lock)
        {
            Enqueue(request);
            starts = TryStart();
        }

        while (true)
        {
            if (starts)
            {
                Drive(request);
            }
            else
            {
                registration = registration == default ? request.Register() : registration;
                request.Signal.Wait();
            }

            request.Signal.Reset(); // before the check, so that a release after it sets the signal again
            if (request.IsReleased)
            {
                break;
            }

            lock (_lock)
            {
                starts = TryStart();
            }
        }

        registration.Dispose();
    }

    /// <summary>Adds an asynchronous request.</summary>
    public void Submit(ScheduledSequence request)
    {
        lock (_lock)
        {
            Enqueue(request);
            if (CanStart)
            {
                Appoint();
            }
        }
    }

    /// <summary>Ends a request whose token is cancelled, unless it is part of a pass, whose end then ends it.</summary>
    public void Cancel(ScheduledSequence request)
    {
        lock (_lock)
        {
            // The request may be a later one than that of the token, with a token of its own.
            if (!request.IsWaiting || !request.Cancellation.IsCancellationRequested)
            {
                return;
            }

            _waiting.Remove(request);
            Finish(request, new OperationCanceledException(request.Cancellation));
            if (CanStart)
            {
                Appoint(); // the thread of this request may have been the one
            }
        }

        request.Release();
    }

    /// <summary>Removes a sequence without a request.</summary>
    public void Close(ScheduledSequence sequence)
    {
        lock (_lock)
        {
            if (_expected.Remove(sequence) && CanStart)
            {
                Appoint();
            }
        }
    }

    private void Enqueue(ScheduledSequence request)
    {
        request.MarkWaiting();
        _waiting.Add(request);
        for (int i = _expected.Count - 1; i >= 0; i--)
        {
            // A thread that waits here can't come with another sequence.
            if (_expected[i].Caller == request.Caller || ReferenceEquals(_expected[i], request))
            {
                _expected.RemoveAt(i);
            }
        }

        if (!_isDriven && _expected.Count > 0 && _waiting.Count == 1)
        {
            ArmTimer();
        }
    }

    private bool TryStart()
    {
        if (!CanStart)
        {
            return false;
        }

        _expected.Clear();
        _isDriven = true;
        return true;
    }

    /// <summary>Drives passes until the driver's own request is finished, and then appoints another one if requests wait.</summary>
    /// <param name="own">The request of the driving thread; null on a thread of the pool, which has none.</param>
    private void Drive(ScheduledSequence? own)
    {
        bool again;
        do
        {
            if (TakePass())
            {
                long start = _clock.GetTimestamp();
                bool isMeasured = _pass.Run();
                EndPass(start, isMeasured);
            }

            foreach (ScheduledSequence request in _finished)
            {
                request.Release();
            }

            _finished.Clear();
            lock (_lock)
            {
                _isDriven = false;
                again = own is { IsReleased: false } && TryStart();
                if (!again && _waiting.Count > 0)
                {
                    HandOver();
                }
            }
        }
        while (again);
    }

    /// <summary>Chooses the requests of the next pass.</summary>
    /// <returns>False if all requests are cancelled.</returns>
    private bool TakePass()
    {
        lock (_lock)
        {
            for (int i = _waiting.Count - 1; i >= 0; i--)
            {
                if (_waiting[i].Cancellation.IsCancellationRequested)
                {
                    FinishInPass(_waiting[i], new OperationCanceledException(_waiting[i].Cancellation));
                    _waiting.RemoveAt(i);
                }
            }

            if (_waiting.Count == 0)
            {
                return false;
            }

            long caller = _waiting[0].Caller;
            if (_waiting.Count == 1 && !_callers.HasOther(caller, s_activeWindow, _clock))
            {
                _pass.TakeAlone(_waiting[0]);
            }
            else
            {
                _pass.TakeShared(_waiting, _budget.Rows, isAwaited: _decoders.HasOther(caller, _budget.Target, _clock));
            }

            foreach (ScheduledSequence request in _pass.Members)
            {
                request.MarkTaken();
                _waiting.Remove(request);
            }

            return true;
        }
    }

    private void EndPass(long start, bool isMeasured)
    {
        lock (_lock)
        {
            _passEnd = _clock.GetTimestamp();
            TimeSpan elapsed = _clock.GetElapsedTime(start, _passEnd);
            if (isMeasured && (_pass.IsShared || _pass.IsDecode))
            {
                _budget.Record(_pass.Rows, elapsed, _pass.IsDecode);
            }

            // A long pass of one request says nothing about the time of the passes that follow.
            _patience = (elapsed < _budget.Target ? elapsed : _budget.Target) / WaitShare;
            bool isShared = _pass.Members.Length > 1 || _waiting.Count > 0;
            foreach (ScheduledSequence request in _pass.Members)
            {
                if (request.Error is not null || request.RemainingRows == 0)
                {
                    FinishInPass(request, request.Error);
                    if (isShared)
                    {
                        _expected.Add(request);
                    }
                }
                else
                {
                    request.MarkWaiting();
                    _waiting.Add(request);
                }
            }
        }
    }

    private void FinishInPass(ScheduledSequence request, Exception? error)
    {
        Finish(request, error);
        _finished.Add(request);
    }

    private void Finish(ScheduledSequence request, Exception? error)
    {
        request.MarkTaken();
        request.Error = error;
        long now = _clock.GetTimestamp();
        _callers.Record(request.Caller, now);
        if (request.IsShort)
        {
            _decoders.Record(request.Caller, now);
        }
    }
}

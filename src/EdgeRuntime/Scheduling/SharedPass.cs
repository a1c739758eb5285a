using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;
using EdgeRuntime.Engine;

namespace EdgeRuntime.Scheduling;

/// <summary>
/// Chooses the requests of a pass and their parts, and runs the pass. For one driver at a time; it allocates only while it grows.
/// </summary>
/// <param name="engine">The engine that computes; not owned.</param>
internal sealed class SharedPass(IEngine engine)
{
    /// <summary>
    /// The rows that a pass may have even if no session asked for batches of this size: enough for one token each of many sequences.
    /// </summary>
    public const int LeastRowLimit = 64;

    /// <summary>
    /// The outputs that a pass of several requests may have. The CPU engine computes them side by side before it copies them, so they cost
    /// memory: 64 rows of 128,000 logits are 33 MB.
    /// </summary>
    public const int MostOutputs = 64;

    /// <summary>The rows of a short request. A token, or a draft that is checked, is never cut.</summary>
    public const int MostShortRows = 16;

    private readonly List<ScheduledSequence> _members = [];
    private BatchSlice[] _slices = new BatchSlice[1];
    private int _outputs;
    private bool _isHalf; // parts of long requests alone, half as large as usual

    /// <summary>Gets the requests of the pass.</summary>
    public ReadOnlySpan<ScheduledSequence> Members => CollectionsMarshal.AsSpan(_members);

    /// <summary>Gets the number of rows of the pass.</summary>
    public int Rows { get; private set; }

    /// <summary>Gets a value indicating whether every request of the pass has one row.</summary>
    public bool IsDecode => Rows == _members.Count;

    /// <summary>Gets a value indicating whether long requests take part in the pass with a part only.</summary>
    public bool IsShared { get; private set; }

    /// <summary>Gets or sets the greatest number of rows of a pass.</summary>
    /// <remarks>
    /// The greatest batch of all sessions. The CPU engine has planned scratch of this size already, so sharing adds none to it.
    /// </remarks>
    public int RowLimit { get; set; } = LeastRowLimit;

    /// <summary>Makes a pass of a single request, as large as the request.</summary>
    public void TakeAlone(ScheduledSequence request)
    {
        Clear();
        IsShared = _isHalf = false;
        Add(request, request.RemainingRows);
    }

    /// <summary>
    /// Makes a pass of several requests: all short ones, and parts of long ones up to a number of rows. The oldest request is always part
    /// of it. Requests with other cache types wait for a later pass.
    /// </summary>
    /// <param name="waiting">The requests, the oldest first.</param>
    /// <param name="rows">The number of rows to aim at.</param>
    /// <param name="isAwaited">
    /// Whether a short request is about to come. It would wait for this pass and the next one, which are then halves.
    /// </param>
    public void TakeShared(List<ScheduledSequence> waiting, int rows, bool isAwaited)
    {
        ScheduledSequence oldest = waiting[0];
        if (oldest.IsWhole)
        {
            TakeAlone(oldest); // it can't be cut, and neither can the others, which are of the same model
            return;
        }

        Clear();
        IsShared = true;
        int reserved = waiting.Exists(request => !request.IsShort) ? PassBudget.LeastRows : 0; // a part for the first long request
        foreach (ScheduledSequence request in waiting)
        {
            if (request.IsShort && request.CacheTypes == oldest.CacheTypes && request.RemainingRows <= RowLimit - reserved - Rows
                && request.OutputsOf(request.RemainingRows) <= MostOutputs - reserved - _outputs)
            {
                Add(request, request.RemainingRows);
            }
        }

        bool followsHalf = _isHalf;
        _isHalf = isAwaited && Rows == 0;
        rows = _isHalf || followsHalf ? rows / 2 : rows;
        foreach (ScheduledSequence request in waiting)
        {
            int room = Math.Min(Math.Max(rows - Rows, reserved), RowLimit - Rows);
            int part = request.LimitOutputs(Math.Min(request.RemainingRows, room), MostOutputs - _outputs);
            int least = Math.Min(PassBudget.LeastRows, request.RemainingRows);
            if (!request.IsShort && request.CacheTypes == oldest.CacheTypes && part >= least)
            {
                Add(request, part);
                reserved = 0;
            }
        }
    }

    /// <summary>
    /// Runs the pass and advances its requests. If a pass of several requests fails, each runs alone, so that only the guilty one fails.
    /// </summary>
    /// <returns>True if the pass did not fail, so that its time says something about its rows.</returns>
    public bool Run()
    {
        // A pass of several requests is short, and the cancellation of one must not stop the others.
        CancellationToken cancellation = _members.Count == 1 ? _members[0].Cancellation : CancellationToken.None;
        ReadOnlySpan<BatchSlice> slices = _slices.AsSpan(0, _members.Count);
        if (TryRun(slices, cancellation) is { } error)
        {
            if (_members.Count == 1)
            {
                _members[0].Error = error;
            }
            else
            {
                RunEach(slices);
            }

            return false;
        }

        for (int i = 0; i < _members.Count; i++)
        {
            _members[i].Advance(slices[i].Tokens.Length);
        }

        return true;
    }

    private void Clear()
    {
        Array.Clear(_slices, 0, _members.Count);
        _members.Clear();
        Rows = _outputs = 0;
    }

    private void Add(ScheduledSequence request, int rows)
    {
        if (_slices.Length == _members.Count)
        {
            Array.Resize(ref _slices, 2 * _slices.Length);
        }

        _slices[_members.Count] = request.NextPart(rows, engine);
        _members.Add(request);
        Rows += rows;
        _outputs += request.OutputsOf(rows);
    }

    private void RunEach(ReadOnlySpan<BatchSlice> slices)
    {
        for (int i = 0; i < _members.Count; i++)
        {
            ScheduledSequence request = _members[i];
            request.Error = TryRun(slices.Slice(i, 1), request.Cancellation);
            request.Advance(request.Error is null ? slices[i].Tokens.Length : 0);
        }
    }

    private Exception? TryRun(ReadOnlySpan<BatchSlice> slices, CancellationToken cancellation)
    {
        try
        {
            engine.Run(slices, cancellation);
            return null;
        }
#pragma warning disable CA1031 // the caller of the request gets it
        catch (Exception error)
#pragma warning restore CA1031
        {
            return error;
        }
    }
}

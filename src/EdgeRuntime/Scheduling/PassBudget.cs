using System;

namespace EdgeRuntime.Scheduling;

/// <summary>
/// Chooses the number of rows of a pass with parts of long requests, so that short requests beside them do not wait long. Learns from the
/// time of earlier passes.
/// </summary>
internal sealed class PassBudget
{
    /// <summary>The smallest part of a long request. It bounds the time that a prefill takes beside many short requests.</summary>
    public const int LeastRows = 3;

    // Small, because a pass that is too long is a gap that people see, and one that is too short costs little.
    private const int FirstRows = 4;
    private const double RowGrowth = 1.25;
    private const double DecodeGrowth = 1.1;

    /// <summary>
    /// The time of a pass on a machine that decodes a token in half of it. The tokens of other sequences then come within 50 ms, even if
    /// something else makes a pass take twice as long.
    /// </summary>
    public static readonly TimeSpan ShortestTarget = TimeSpan.FromMilliseconds(24);

    private TimeSpan _decode; // the time of a pass that only decodes

    /// <summary>Gets the number of rows that a pass of <see cref="Target"/> has.</summary>
    public int Rows { get; private set; } = FirstRows;

    /// <summary>
    /// Gets the time to aim at: <see cref="ShortestTarget"/>, or twice the time of a pass that only decodes where that is longer. A pass
    /// reads all weights; if this alone takes longer than the target, a small part would make the prefill slow for nothing.
    /// </summary>
    public TimeSpan Target => 2 * _decode > ShortestTarget ? 2 * _decode : ShortestTarget;

    /// <summary>Records a pass. A large pass of one caller alone says nothing about small ones and does not belong here.</summary>
    /// <param name="rows">The number of rows of the pass.</param>
    /// <param name="elapsed">The time that it took.</param>
    /// <param name="isDecode">Whether every request of the pass had one row.</param>
    public void Record(int rows, TimeSpan elapsed, bool isDecode)
    {
        if (isDecode)
        {
            // A pass that was disturbed must not set the target of a whole prefill.
            TimeSpan most = _decode == TimeSpan.Zero ? elapsed : DecodeGrowth * _decode;
            _decode = elapsed < most ? elapsed : most;
        }
        else if (rows > Rows / 2 || elapsed > Target) // not half a part or a small rest
        {
            // Repeated, this converges for a time of a + b * rows: near the solution each step leaves a / Target of the error. Growth is
            // slow, because kernels for few rows differ from those for many and the time jumps between them.
            Rows = (int)Math.Clamp(rows * (Target / elapsed), LeastRows, (RowGrowth * Rows) + 1);
        }
    }
}

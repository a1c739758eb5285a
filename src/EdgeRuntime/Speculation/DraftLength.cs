using System;
using System.Numerics;

namespace EdgeRuntime.Speculation;

/// <summary>
/// Chooses the number of tokens to draft. It learns how often each kind of proposal is accepted and how long a pass over several rows
/// takes, and chooses the length with the highest expected number of tokens per second; 0 if a plain step is best.
/// </summary>
/// <remarks>
/// With an acceptance rate a, a draft of k tokens yields 1 + a + ... + a^k tokens on average. A kind that does not pay is retried with one
/// token after 4, 8, ... 64 opportunities. This limits the loss on texts that are never predicted correctly to well under 1 %.
/// </remarks>
internal sealed class DraftLength
{
    private const double MinGain = 1.03;
    private const double Memory = 0.85;
    private const double AssumedRowCost = 0.15;
    private const int FirstPause = 4, LongestPause = 64;

    private readonly Kind[] _kinds;
    private readonly double[] _seconds; // [rows]: seconds of a step with that many rows; 0 if not measured
    private readonly bool[] _warm; // [rows]: whether a step with that many rows has run
    private readonly bool _measures;

    /// <param name="kinds">The number of kinds of proposals.</param>
    /// <param name="longest">The largest number of tokens of a draft.</param>
    /// <param name="measures">Whether costs are measured with the clock. Otherwise a fixed cost per row is assumed.</param>
    public DraftLength(int kinds, int longest, bool measures)
    {
        _measures = measures;
        _seconds = new double[longest + 2];
        _warm = new bool[longest + 2];
        _kinds = new Kind[kinds];
        for (int i = 0; i < kinds; i++)
        {
            // Longer matches have higher kinds. The low weight lets a few trials correct a wrong guess.
            _kinds[i] = new Kind { Accepted = 1.2 + 0.2 * i, Tried = 2 };
        }
    }

    /// <summary>Chooses the number of tokens to draft, 0 to <paramref name="longest"/>.</summary>
    public int Choose(int kind, int longest)
    {
        if (_measures && _seconds[1] == 0)
        {
            return 0; // measure a plain step first
        }

        ref Kind k = ref _kinds[kind];
        double acceptance = k.Accepted / k.Tried;
        double expected = 1, power = 1, best = MinGain;
        int length = 0;
        for (int i = 1; i <= longest; i++)
        {
            power *= acceptance;
            expected += power;
            double gain = expected / CostOf(i + 1);
            if (IsOffered(i, longest) && gain > best)
            {
                best = gain;
                length = i;
            }
        }

        if (length > 0 || longest == 0)
        {
            return length;
        }

        k.Pause = k.Pause == 0 ? FirstPause : k.Pause;
        if (++k.Passed < k.Pause)
        {
            return 0;
        }

        k.Passed = 0;
        k.Pause = Math.Min(2 * k.Pause, LongestPause);
        return 1;
    }

    /// <summary>Restricts lengths to 1, 3, 7, ... and the longest, because the first step of each length generates code.</summary>
    private static bool IsOffered(int length, int longest) => BitOperations.IsPow2(length + 1) || length == longest;

    /// <summary>Records the result of a checked draft.</summary>
    public void Record(int kind, int drafted, int accepted, double seconds)
    {
        ref Kind k = ref _kinds[kind];
        k.Accepted = k.Accepted * Memory + accepted;
        k.Tried = k.Tried * Memory + accepted + (accepted < drafted ? 1 : 0);
        if (accepted == drafted)
        {
            k.Pause = FirstPause;
        }

        RecordSeconds(drafted + 1, seconds);
    }

    /// <summary>Records a step without a draft.</summary>
    public void RecordPlain(double seconds) => RecordSeconds(1, seconds);

    private void RecordSeconds(int rows, double seconds)
    {
        if (!_warm[rows])
        {
            // The first step with this many rows generates code, so its time is ignored.
            _warm[rows] = true;
            return;
        }

        ref double known = ref _seconds[rows];

        // Decreases quickly and increases slowly: disturbances of the machine only make times longer.
        known = known == 0 ? seconds : known + (seconds < known ? 0.5 : 0.1) * (seconds - known);
    }

    /// <summary>Gets the cost of a step with a number of rows, relative to a plain step.</summary>
    private double CostOf(int rows)
    {
        if (!_measures)
        {
            return 1 + 2 * AssumedRowCost * (rows - 1);
        }

        if (_seconds[rows] > 0)
        {
            return _seconds[rows] / _seconds[1];
        }

        int below = rows - 1;
        while (_seconds[below] == 0)
        {
            below--;
        }

        return _seconds[below] / _seconds[1] + AssumedRowCost * (rows - below);
    }

    private struct Kind
    {
        public double Accepted, Tried;
        public int Pause, Passed;
    }
}

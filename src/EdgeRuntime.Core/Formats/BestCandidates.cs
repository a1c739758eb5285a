using System.Numerics;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Formats;

/// <summary>Keeps the best scale and offset that each lane has seen.</summary>
internal struct BestCandidates
{
    private Vector256<float> _error;
    private Candidates _best;
    private Candidates _next;

    /// <summary>Creates a set without any candidate: its best scale and offset are 0.</summary>
    public static BestCandidates Create() => new() { _error = Vector256.Create(float.MaxValue) };

    /// <summary>Gets what the best candidates of all lanes suggest to try next.</summary>
    public readonly Candidates Next => _next;

    /// <summary>Compares eight candidates with those of their lanes. An error that is not finite never wins.</summary>
    /// <param name="error">The error of each candidate.</param>
    /// <param name="tried">The candidates.</param>
    /// <param name="next">The candidates to try next where these are the best.</param>
    public void Take(Vector256<float> error, in Candidates tried, in Candidates next)
    {
        Vector256<float> better = Vector256.LessThan(error, _error);
        _error = Vector256.ConditionalSelect(better, error, _error);
        _best = Candidates.Select(better, tried, _best);
        _next = Candidates.Select(better, next, _next);
    }

    /// <summary>Gets the candidate with the least error; that of the first lane on a tie.</summary>
    public readonly (float Scale, float Offset) Best()
    {
        int lane = FirstLeast(_error);
        return (_best.Scale[lane], _best.Offset[lane]);
    }

    /// <summary>Finds the lane with the least error; the first one on a tie.</summary>
    public static int FirstLeast(Vector256<float> error)
    {
        uint least = Vector256.Equals(error, Vector256.Create(Magnitudes.LeastLane(error))).ExtractMostSignificantBits();
        return BitOperations.TrailingZeroCount(least) % CodeFit.Lanes;
    }
}

/// <summary>Eight scales and offsets.</summary>
internal struct Candidates
{
    public Vector256<float> Scale;
    public Vector256<float> Offset;

    /// <summary>Selects candidates by lane.</summary>
    public static Candidates Select(Vector256<float> mask, in Candidates ifSet, in Candidates otherwise) => new()
    {
        Scale = Vector256.ConditionalSelect(mask, ifSet.Scale, otherwise.Scale),
        Offset = Vector256.ConditionalSelect(mask, ifSet.Offset, otherwise.Offset),
    };
}

using System.Runtime.Intrinsics;

namespace EdgeRuntime.Formats;

/// <summary>Keeps the best scale and offset that each lane has seen.</summary>
internal struct BestCandidates
{
    private Vector256<float> _error;
    private Vector256<float> _scale;
    private Vector256<float> _offset;

    /// <summary>Creates a set without any candidate: its best scale and offset are 0.</summary>
    public static BestCandidates Create() => new() { _error = Vector256.Create(float.MaxValue) };

    /// <summary>Compares eight candidates with those of their lanes. An error that is not finite never wins.</summary>
    public void Take(Vector256<float> error, Vector256<float> scale, Vector256<float> offset)
    {
        Vector256<float> better = Vector256.LessThan(error, _error);
        _error = Vector256.ConditionalSelect(better, error, _error);
        _scale = Vector256.ConditionalSelect(better, scale, _scale);
        _offset = Vector256.ConditionalSelect(better, offset, _offset);
    }

    /// <summary>Gets the candidate with the least error; that of the first lane on a tie.</summary>
    public readonly (float Scale, float Offset) Best()
    {
        int lane = FirstLeast(_error);
        return (_scale[lane], _offset[lane]);
    }

    /// <summary>Finds the lane with the least error; the first one on a tie.</summary>
    public static int FirstLeast(Vector256<float> error)
    {
        int best = 0;
        for (int lane = 1; lane < CodeFit.Lanes; lane++)
        {
            best = error[lane] < error[best] ? lane : best;
        }

        return best;
    }
}

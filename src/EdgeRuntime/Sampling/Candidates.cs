using System;
using System.Diagnostics;
using System.Numerics.Tensors;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Sampling;

/// <summary>
/// The candidate tokens for the next position: at first the whole vocabulary, reduced by each filter. Buffers are allocated once per
/// vocabulary.
/// </summary>
/// <remarks>
/// While all tokens are candidates, only the logits are stored. The first filter creates a list of <see cref="CandidateKey"/>s.
/// </remarks>
internal sealed partial class Candidates
{
    private readonly float[] _logits; // [vocabulary], by token id
    private readonly double[] _weights; // [vocabulary], by token id: e^(logit - best) of the candidates
    private readonly ulong[] _keys; // [vocabulary]; the first _count are in use unless all tokens are candidates
    private int _count;

    public Candidates(int vocabularySize)
    {
        _logits = new float[vocabularySize];
        _weights = new double[vocabularySize];
        _keys = new ulong[vocabularySize];
    }

    /// <summary>Gets whether no filter has run yet, so that every token of the vocabulary is a candidate.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Gets the number of candidates.</summary>
    public int Count => IsWhole ? _logits.Length : _count;

    /// <summary>Gets the logits by token id, [vocabulary]. Modify them only while <see cref="IsWhole"/>.</summary>
    public Span<float> Logits
    {
        get
        {
            Debug.Assert(IsWhole, "logits can be changed only before the first filter");
            return _logits;
        }
    }

    /// <summary>Loads new logits, [vocabulary], and makes every token a candidate.</summary>
    public void Load(ReadOnlySpan<float> logits)
    {
        logits.CopyTo(_logits);
        IsWhole = true;
    }

    /// <summary>Gets the best logit.</summary>
    public float Best()
    {
        if (IsWhole)
        {
            return TensorPrimitives.Max<float>(_logits);
        }

        ulong best = ulong.MaxValue;
        foreach (ulong key in Keys)
        {
            best = Math.Min(best, key);
        }

        return CandidateKey.Logit(best);
    }

    /// <summary>
    /// Divides every logit. If the best quotient would overflow, the best logit is subtracted first: only differences matter.
    /// </summary>
    public void Divide(float divisor)
    {
        float best = Best();
        float origin = float.IsFinite(best / divisor) ? 0 : best;
        if (IsWhole)
        {
            if (origin != 0)
            {
                TensorPrimitives.Subtract(_logits, origin, _logits);
            }

            TensorPrimitives.Divide(_logits, divisor, _logits);
            return;
        }

        foreach (ulong key in Keys)
        {
            ref float logit = ref _logits[CandidateKey.Id(key)];
            logit = (logit - origin) / divisor;
        }

        RenewKeys();
    }

    /// <summary>
    /// Computes the weight e^(logit - best) of every candidate and returns the sum of the weights. The order of additions is fixed.
    /// </summary>
    public double ComputeWeights()
    {
        float best = Best();
        if (IsWhole)
        {
            return ComputeAllWeights(best);
        }

        double sum = 0;
        ReadOnlySpan<ulong> keys = Keys;
        Span<double> eight = stackalloc double[8];
        for (int i = 0; i < keys.Length; i += eight.Length)
        {
            ReadOnlySpan<ulong> some = keys.Slice(i, Math.Min(eight.Length, keys.Length - i));
            for (int lane = 0; lane < some.Length; lane++)
            {
                eight[lane] = (double)_logits[CandidateKey.Id(some[lane])] - best;
            }

            DeterministicMath.Exp(Vector512.Create<double>(eight)).CopyTo(eight);
            for (int lane = 0; lane < some.Length; lane++)
            {
                _weights[CandidateKey.Id(some[lane])] = eight[lane];
                sum += eight[lane];
            }
        }

        return sum;
    }

    /// <summary>Computes the mean of the logits under the weights. Logits of minus infinity have no weight and are ignored.</summary>
    /// <param name="sum">The result of <see cref="ComputeWeights"/>.</param>
    public double MeanLogit(double sum)
    {
        Enumerate();
        double mean = 0;
        foreach (ulong key in Keys)
        {
            int id = CandidateKey.Id(key);
            mean += _weights[id] * _logits[id];
        }

        return mean / sum;
    }

    /// <summary>Finds the token at which the running sum of weights exceeds <paramref name="mark"/>.</summary>
    public int TokenAt(double mark)
    {
        double running = 0;
        int last = -1;
        int count = Count;
        for (int i = 0; i < count; i++)
        {
            int id = IsWhole ? i : CandidateKey.Id(_keys[i]);
            double weight = _weights[id];
            running += weight;
            if (weight > 0)
            {
                last = id;
                if (running > mark)
                {
                    break;
                }
            }
        }

        // Rounding can leave the running sum slightly below the mark. The result is then the last token with a weight.
        return last;
    }

    /// <summary>Copies the candidates and their probabilities.</summary>
    /// <param name="distribution">The distribution to overwrite.</param>
    /// <param name="sum">The result of <see cref="ComputeWeights"/>.</param>
    public void CopyTo(Distribution distribution, double sum)
    {
        int count = Count;
        distribution.Resize(count);
        for (int i = 0; i < count; i++)
        {
            int id = IsWhole ? i : CandidateKey.Id(_keys[i]);
            distribution.Ids[i] = id;
            distribution.Probabilities[i] = _weights[id] / sum;
        }
    }

    /// <summary>Sorts the candidates and gets their keys, best first. Tokens with a logit of minus infinity are left out.</summary>
    public ReadOnlySpan<ulong> SortedKeys()
    {
        Enumerate();
        Keys.Sort();
        return Keys;
    }

    private Span<ulong> Keys => _keys.AsSpan(0, _count);

    private void RenewKeys()
    {
        foreach (ref ulong key in Keys)
        {
            int id = CandidateKey.Id(key);
            key = CandidateKey.Of(_logits[id], id);
        }
    }

    // Eight running sums for every vector width, so that the additions and their order are the same on all machines.
    private double ComputeAllWeights(float best)
    {
        Vector512<double> sums = Vector512<double>.Zero;
        Vector512<double> shift = Vector512.Create((double)best);
        Span<double> weights = _weights;
        int i = 0;
        for (; i <= _logits.Length - 8; i += 8)
        {
            (Vector256<double> low, Vector256<double> high) = Vector256.Widen(Vector256.Create(_logits, i));
            Vector512<double> weight = DeterministicMath.Exp(Vector512.Create(low, high) - shift);
            weight.CopyTo(weights[i..]);
            sums += weight;
        }

        double sum = 0;
        for (int lane = 0; lane < 8; lane++)
        {
            sum += sums.GetElement(lane);
        }

        for (; i < _logits.Length; i++)
        {
            weights[i] = DeterministicMath.Exp((double)_logits[i] - best);
            sum += weights[i];
        }

        return sum;
    }
}

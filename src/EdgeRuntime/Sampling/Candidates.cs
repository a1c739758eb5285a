using System;
using System.Diagnostics;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Sampling;

/// <summary>
/// The tokens that may come next. At first all of the vocabulary; every filter keeps fewer. Buffers are made once for a vocabulary.
/// </summary>
/// <remarks>
/// While all tokens are in, only the logits are kept. The first filter makes a list of <see cref="CandidateKey"/>s.
/// </remarks>
internal sealed class Candidates
{
    // Buckets of a sixteenth of a logit; the last one holds all that is further than 64 below the best, e^-64 of its weight.
    private const int Buckets = 1024;
    private const float BucketsPerLogit = 16;

    private readonly double[] _bucketWeights = new double[Buckets];
    private readonly float[] _logits; // [vocabulary], by token id
    private readonly double[] _weights; // [vocabulary], by token id: e^(logit - best), for the tokens that are in
    private readonly ulong[] _keys; // [vocabulary], the first _count in use unless all tokens are in
    private int _count;

    public Candidates(int vocabularySize)
    {
        _logits = new float[vocabularySize];
        _weights = new double[vocabularySize];
        _keys = new ulong[vocabularySize];
    }

    /// <summary>Whether no filter has been at work: every token of the vocabulary is in.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Number of tokens that are in.</summary>
    public int Count => IsWhole ? _logits.Length : _count;

    /// <summary>Logits by token id, [vocabulary]; to be changed only while <see cref="IsWhole"/>.</summary>
    public Span<float> Logits
    {
        get
        {
            Debug.Assert(IsWhole, "logits can be changed only before the first filter");
            return _logits;
        }
    }

    /// <summary>Takes new logits, [vocabulary].</summary>
    public void Load(ReadOnlySpan<float> logits)
    {
        logits.CopyTo(_logits);
        IsWhole = true;
    }

    /// <summary>The best logit.</summary>
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

    /// <summary>Keeps the best <paramref name="count"/>; of equal logits the lowest ids. Tokens at minus infinity never stay.</summary>
    public void KeepBest(int count)
    {
        if (count >= Count)
        {
            return;
        }

        if (IsWhole)
        {
            CollectBest(count);
        }
        else
        {
            Selection.Smallest(Keys, count);
            _count = count;
        }
    }

    /// <summary>
    /// Keeps the tokens whose logit is at least <paramref name="threshold"/>, or the best <paramref name="minKeep"/> where those are fewer.
    /// </summary>
    public void KeepAtLeast(float threshold, int minKeep)
    {
        if (IsWhole)
        {
            Collect(threshold, float.PositiveInfinity);
            if (_count < minKeep)
            {
                IsWhole = true;
                KeepBest(minKeep);
            }

            return;
        }

        // A smaller key is a better one: the threshold's key with the highest id bounds all that may stay.
        ulong bound = CandidateKey.Of(threshold, -1);
        int kept = 0;
        for (int i = 0; i < _count; i++)
        {
            ulong key = _keys[i];
            if (key <= bound)
            {
                (_keys[kept], _keys[i]) = (key, _keys[kept]);
                kept++;
            }
        }

        if (kept < minKeep)
        {
            KeepBest(minKeep);
        }
        else
        {
            _count = kept;
        }
    }

    /// <summary>
    /// Keeps the best tokens until their weights add up to <paramref name="mass"/>, and at least <paramref name="minKeep"/>. Wants weights.
    /// </summary>
    public void KeepMass(double mass, int minKeep)
    {
        bool whole = IsWhole;
        int kept = whole ? CollectMass(mass) : Selection.SmallestWithMass(Keys, _weights, mass);
        if (kept < minKeep)
        {
            IsWhole = whole;
            KeepBest(minKeep);
        }
        else
        {
            _count = kept;
        }
    }

    /// <summary>
    /// As <see cref="KeepMass"/>, but the best are those whose logit is nearest to <paramref name="centre"/>. Wants weights.
    /// </summary>
    public void KeepMassAround(double centre, double mass, int minKeep)
    {
        Enumerate();
        Span<ulong> keys = Keys;
        for (int i = 0; i < keys.Length; i++)
        {
            int id = CandidateKey.Id(keys[i]);
            float distance = (float)Math.Abs(_logits[id] - centre);
            keys[i] = ((ulong)BitConverter.SingleToUInt32Bits(distance) << 32) | (uint)id;
        }

        int kept = Selection.SmallestWithMass(keys, _weights, mass);
        if (kept < minKeep)
        {
            kept = Math.Min(minKeep, keys.Length);
            Selection.Smallest(keys, kept);
        }

        _count = kept;
        RenewKeys();
    }

    /// <summary>Divides every logit, counted from the best one where the best quotient would overflow: only differences matter.</summary>
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
    /// Sets the weight of every token that is in, e^(logit - best), and returns their sum. The order of additions is fixed.
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

    /// <summary>Mean logit under the weights. Tokens at minus infinity have no weight and do not count.</summary>
    /// <param name="sum">What <see cref="ComputeWeights"/> gave.</param>
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

    /// <summary>The token at which the running sum of weights passes <paramref name="mark"/>.</summary>
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

        // The running sum may end a rounding error below the mark: then it is the last token with a weight.
        return last;
    }

    /// <summary>Copies tokens and probabilities.</summary>
    /// <param name="sum">What <see cref="ComputeWeights"/> gave.</param>
    /// <param name="distribution">Is overwritten.</param>
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

    private Span<ulong> Keys => _keys.AsSpan(0, _count);

    private void RenewKeys()
    {
        foreach (ref ulong key in Keys)
        {
            int id = CandidateKey.Id(key);
            key = CandidateKey.Of(_logits[id], id);
        }
    }

    /// <summary>Makes the list of keys where all tokens are still in; without those at minus infinity.</summary>
    private void Enumerate()
    {
        if (IsWhole)
        {
            Collect(float.MinValue, float.PositiveInfinity);
        }
    }

    /// <summary>Makes the list of the keys with logits in [least, bound).</summary>
    private void Collect(float least, float bound)
    {
        _count = 0;
        Append(least, bound);
        IsWhole = false;
    }

    private void Append(float least, float bound)
    {
        int kept = _count;
        int i = 0;
        ReadOnlySpan<Vector512<float>> blocks = MemoryMarshal.Cast<float, Vector512<float>>(_logits);
        Vector512<float> low = Vector512.Create(least), high = Vector512.Create(bound);
        foreach (Vector512<float> block in blocks)
        {
            Vector512<float> inside = Vector512.GreaterThanOrEqual(block, low) & Vector512.LessThan(block, high);
            for (ulong mask = inside.ExtractMostSignificantBits(); mask != 0; mask &= mask - 1)
            {
                int id = i + BitOperations.TrailingZeroCount(mask);
                _keys[kept++] = CandidateKey.Of(_logits[id], id);
            }

            i += Vector512<float>.Count;
        }

        for (; i < _logits.Length; i++)
        {
            if (_logits[i] >= least && _logits[i] < bound)
            {
                _keys[kept++] = CandidateKey.Of(_logits[i], i);
            }
        }

        _count = kept;
    }

    // The weights are added up in buckets by logit; the bucket in which the sum passes the mass is the only place where a selection is
    // needed.
    private int CollectMass(double mass)
    {
        float best = Best();
        Array.Clear(_bucketWeights);
        for (int i = 0; i < _logits.Length; i++)
        {
            _bucketWeights[(int)Math.Min((best - _logits[i]) * BucketsPerLogit, Buckets - 1)] += _weights[i];
        }

        int border = 0;
        for (double before = 0; border < Buckets - 1 && before + _bucketWeights[border] < mass; border++)
        {
            before += _bucketWeights[border];
        }

        // A bound and a token's bucket may be rounded apart: the border's neighbours are looked at as well.
        float sure = best - (border - 1) / BucketsPerLogit;
        float least = border == Buckets - 1 ? float.MinValue : best - (border + 2) / BucketsPerLogit;
        Collect(sure, float.PositiveInfinity);
        int surely = _count;
        foreach (ulong key in Keys)
        {
            mass -= _weights[CandidateKey.Id(key)];
        }

        Append(least, sure);
        return surely + Selection.SmallestWithMass(_keys.AsSpan(surely, _count - surely), _weights, mass);
    }

    // One pass over the vocabulary: what beats the worst of the best so far is collected, and whenever the list is long it is cut down to
    // the best and the bar rises. Ids ascend, so that a later token with the same logit as the bar is the worse one.
    private void CollectBest(int count)
    {
        int longest = (int)Math.Min(_keys.Length, Math.Max(2L * count, 1024) + Vector512<float>.Count);
        int kept = 0;
        int i = 0;
        float bar = float.NegativeInfinity;
        ReadOnlySpan<Vector512<float>> blocks = MemoryMarshal.Cast<float, Vector512<float>>(_logits);
        foreach (Vector512<float> block in blocks)
        {
            for (ulong mask = Vector512.GreaterThan(block, Vector512.Create(bar)).ExtractMostSignificantBits(); mask != 0; mask &= mask - 1)
            {
                int id = i + BitOperations.TrailingZeroCount(mask);
                _keys[kept++] = CandidateKey.Of(_logits[id], id);
            }

            i += Vector512<float>.Count;
            if (kept > longest - Vector512<float>.Count && kept > count)
            {
                Selection.Smallest(_keys.AsSpan(0, kept), count);
                kept = count;
                bar = CandidateKey.Logit(_keys[count - 1]);
            }
        }

        for (; i < _logits.Length; i++)
        {
            if (_logits[i] > bar)
            {
                _keys[kept++] = CandidateKey.Of(_logits[i], i);
            }
        }

        _count = Math.Min(kept, count);
        Selection.Smallest(_keys.AsSpan(0, kept), _count);
        IsWhole = false;
    }

    // Eight running sums, whatever the machine's vectors are: the same additions in the same order everywhere.
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

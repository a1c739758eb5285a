using System;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Sampling;

/// <content>The filters, and the lists of keys that they make.</content>
internal sealed partial class Candidates
{
    // Each bucket covers a sixteenth of a logit. The last one holds everything more than 64 below the best, with weights below e^-64.
    private const int Buckets = 1024;
    private const float BucketsPerLogit = 16;

    private readonly double[] _bucketWeights = new double[Buckets];

    /// <summary>
    /// Keeps the best <paramref name="count"/> candidates; of equal logits the lowest ids. Tokens with a logit of minus infinity are always
    /// removed.
    /// </summary>
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
    /// Keeps the candidates whose logit is at least <paramref name="threshold"/>, but no fewer than the best <paramref name="minKeep"/>.
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

        // Smaller keys are better, so the key of the threshold with the highest id bounds the keys to keep.
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
    /// Keeps the best candidates until their weights sum to <paramref name="mass"/>, but at least <paramref name="minKeep"/>. Requires
    /// weights.
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
    /// Works like <see cref="KeepMass"/>, but the best candidates are those with logits closest to <paramref name="centre"/>. Requires
    /// weights.
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

    /// <summary>Creates the list of keys if all tokens are still candidates, without logits of minus infinity.</summary>
    private void Enumerate()
    {
        if (IsWhole)
        {
            Collect(float.MinValue, float.PositiveInfinity);
        }
    }

    /// <summary>Creates the list of keys with logits in [least, bound).</summary>
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

    // Sums the weights in buckets by logit. Selection is needed only in the bucket in which the sum reaches the mass.
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

        // The bound and a token's bucket may be rounded differently, so the neighboring buckets are included.
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

    // Passes over the vocabulary once and collects logits above the worst of the best so far. Whenever the list is full, it is cut to the
    // best and the threshold rises. Ids ascend, so a later token with a logit equal to the threshold is the worse one.
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
}

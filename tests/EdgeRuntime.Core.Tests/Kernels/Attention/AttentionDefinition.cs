using System;
using EdgeRuntime.Kernels.Attention;
using EdgeRuntime.Kernels.Vector;

namespace EdgeRuntime.Core.Tests.Kernels.Attention;

/// <summary>
/// Attention of one query and head as <see cref="AttentionKernel"/> documents it, in plain loops; and, to compare with, in
/// double precision without chunks. Masks are written out here once more, key by key.
/// </summary>
internal sealed unsafe class AttentionDefinition(AttentionShape shape, Func<int, float[]> keyAt, Func<int, float[]> valueAt)
{
    public bool Sees(int query, int key, int end) =>
        key < (shape.IsCausal ? query + 1 : end) &&
        (shape.Window == 0 || query - key < shape.Window) &&
        (shape.ChunkWindow == 0 || query / shape.ChunkWindow == key / shape.ChunkWindow);

    /// <summary>The documented arithmetic: bits.</summary>
    public float[] Compute(float[] query, int head, int position, int end)
    {
        float[]? o = null;
        float m = 0, l = 0;
        for (int first = 0; first < end; first += KvLayout.ChunkPositions)
        {
            (float[] O, float M, float L)? next = Chunk(query, head, position, first, end);
            if (next is not { } chunk)
            {
                continue;
            }

            (o, m, l) = o is null ? chunk : Merge(o, m, l, chunk.O, chunk.M, chunk.L);
        }

        float factor = 1;
        if (shape.Sinks is { } sinks)
        {
            float max = MathF.Max(m, sinks[head]);
            factor = LaneMath.Exp(m - max);
            l = MathF.FusedMultiplyAdd(l, factor, LaneMath.Exp(sinks[head] - max));
        }

        factor /= l;
        return Array.ConvertAll(o!, x => x * factor);
    }

    /// <summary>Softmax in double precision.</summary>
    public double[] ComputeInDouble(float[] query, int head, int position, int end)
    {
        double[] scores = new double[end];
        double max = shape.Sinks?[head] ?? double.NegativeInfinity;
        for (int p = 0; p < end; p++)
        {
            if (Sees(position, p, end))
            {
                scores[p] = Score(query, keyAt(p), head, position - p);
                max = Math.Max(max, scores[p]);
            }
        }

        double sum = shape.Sinks is { } sinks ? Math.Exp(sinks[head] - max) : 0;
        double[] output = new double[shape.ValueLength];
        for (int p = 0; p < end; p++)
        {
            if (Sees(position, p, end))
            {
                double e = Math.Exp(scores[p] - max);
                sum += e;
                float[] value = valueAt(p);
                for (int i = 0; i < output.Length; i++)
                {
                    output[i] += e * value[i];
                }
            }
        }

        return Array.ConvertAll(output, x => x / sum);
    }

    private double Score(float[] query, float[] key, int head, int distance)
    {
        double s = 0;
        for (int i = 0; i < key.Length; i++)
        {
            s += (double)query[i] * key[i];
        }

        s *= shape.Scale;
        s = shape.ScoreCap == 0 ? s : shape.ScoreCap * Math.Tanh(s / shape.ScoreCap);
        return s - ((shape.AlibiSlopes?[head] ?? 0) * Math.Abs(distance));
    }

    private (float[] O, float M, float L)? Chunk(float[] query, int head, int position, int first, int end)
    {
        float[] e = new float[KvLayout.ChunkPositions];
        Array.Fill(e, float.NegativeInfinity);
        float m = float.NegativeInfinity;
        for (int p = first; p < Math.Min(end, first + e.Length); p++)
        {
            if (!Sees(position, p, end))
            {
                continue;
            }

            float[] key = keyAt(p);
            float s = 0;
            for (int i = 0; i < key.Length; i++)
            {
                s = MathF.FusedMultiplyAdd(shape.Scale * query[i], key[i], s);
            }

            s = shape.ScoreCap == 0 ? s : LaneMath.Tanh(s * (1 / shape.ScoreCap)) * shape.ScoreCap;
            s = shape.AlibiSlopes is null ? s : MathF.FusedMultiplyAdd(-shape.AlibiSlopes[head], Math.Abs(p - position), s);
            e[p - first] = s;
            m = MathF.Max(m, s);
        }

        if (float.IsNegativeInfinity(m))
        {
            return null;
        }

        float[] o = new float[shape.ValueLength];
        float* sums = stackalloc float[LaneMath.SumLanes];
        new Span<float>(sums, LaneMath.SumLanes).Clear();
        for (int i = 0; i < e.Length; i++)
        {
            if (float.IsNegativeInfinity(e[i]))
            {
                continue;
            }

            e[i] = LaneMath.Exp(e[i] - m);
            sums[i % LaneMath.SumLanes] += e[i];
            float[] value = valueAt(first + i);
            for (int j = 0; j < o.Length; j++)
            {
                o[j] = MathF.FusedMultiplyAdd(e[i], value[j], o[j]);
            }
        }

        return (o, m, LaneMath.Reduce(sums));
    }

    private static (float[] O, float M, float L) Merge(float[] o, float m, float l, float[] nextO, float nextM, float nextL)
    {
        float max = MathF.Max(m, nextM);
        float factor = LaneMath.Exp(m - max);
        float nextFactor = LaneMath.Exp(nextM - max);
        float[] merged = new float[o.Length];
        for (int i = 0; i < o.Length; i++)
        {
            merged[i] = MathF.FusedMultiplyAdd(o[i], factor, nextO[i] * nextFactor);
        }

        return (merged, max, MathF.FusedMultiplyAdd(l, factor, nextL * nextFactor));
    }
}

using System;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Attention;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Memory;

namespace EdgeRuntime.Core.Tests.Kernels.Attention;

/// <summary>A sequence with random queries, keys and values, its cache, and what attention makes of it.</summary>
internal sealed unsafe class AttentionCase : IDisposable
{
    private readonly KvLayout _layout;
    private readonly NativeBuffer _chunks;

    public AttentionCase(int heads, int kvHeads, int keyLength, int valueLength, int positions, TensorType type, int seed, float spread = 1)
    {
        (Heads, KvHeads, KeyLength, ValueLength, Positions, Type) = (heads, kvHeads, keyLength, valueLength, positions, type);
        Random random = new(seed);
        Queries = Fill(random, positions * heads * keyLength, spread);
        Keys = Fill(random, positions * kvHeads * keyLength, 1);
        Values = Fill(random, positions * kvHeads * valueLength, 1);
        _layout = KvLayout.Create(type, keyLength, valueLength);
        // To the byte: what is read behind the last chunk is not ours.
        _chunks = new NativeBuffer(((positions - 1L) / KvLayout.ChunkPositions + 1) * kvHeads * _layout.ChunkBytes);
        StoreAll();
    }

    public int Heads { get; }

    public int KvHeads { get; }

    public int KeyLength { get; }

    public int ValueLength { get; }

    public int Positions { get; }

    public TensorType Type { get; }

    public float[] Queries { get; }

    public float[] Keys { get; }

    public float[] Values { get; }

    public float Scale => 1 / MathF.Sqrt(KeyLength);

    public void Dispose()
    {
        _chunks.Dispose();
    }

    public CausalAttention Attention<TLanes>()
        where TLanes : struct, ILanes<TLanes> => CausalAttention.Create<TLanes>(Heads, KvHeads, KeyLength, ValueLength, Scale, Type);

    /// <summary>Output of all positions, computed in batches of so many tokens, items in reverse order where asked.</summary>
    public float[] Compute(CausalAttention attention, int batch, bool reverse = false)
    {
        float[] output = new float[Positions * Heads * ValueLength];
        for (int start = 0; start < Positions; start += batch)
        {
            Compute(attention, start, int.Min(batch, Positions - start), output, reverse);
        }

        return output;
    }

    /// <summary>Output of the tokens [start, start + tokens) into their place in output [positions][heads * valueLength].</summary>
    public void Compute(CausalAttention attention, int start, int tokens, float[] output, bool reverse = false)
    {
        using NativeBuffer scratch = new(attention.ScratchBytes);
        using NativeBuffer partials = new(attention.PartialBytes(Positions));
        new Span<byte>(scratch.Pointer, (int)scratch.ByteLength).Fill(0xff); // NaN: nothing may depend on what was there
        new Span<byte>(partials.Pointer, (int)partials.ByteLength).Fill(0xff);
        fixed (float* queries = Queries, outputs = output)
        {
            AttentionSlice slice = new()
            {
                Chunks = _chunks.Pointer,
                ChunkStride = (long)KvHeads * _layout.ChunkBytes,
                HeadStride = _layout.ChunkBytes,
                Queries = queries + (start * Heads * KeyLength),
                QueryStride = Heads * KeyLength,
                Output = outputs + (start * Heads * ValueLength),
                OutputStride = Heads * ValueLength,
                Start = start,
                Tokens = tokens,
                Partials = (float*)partials.Pointer,
            };
            int items = attention.Items(start, tokens);
            for (int i = 0; i < items; i++)
            {
                attention.Compute(slice, reverse ? items - 1 - i : i, scratch.Pointer);
            }

            for (int i = 0; i < attention.MergeItems(start, tokens); i++)
            {
                attention.Merge(slice, i);
            }
        }
    }

    /// <summary>What the cache holds of a position's key and value, as float.</summary>
    public (float[] Key, float[] Value) Cached(int kvHead, int position)
    {
        float[] panel = new float[KeyLength * KvLayout.PanelPositions];
        float[] value = new float[KvLayout.ValueLanes(ValueLength)];
        fixed (float* p = panel, v = value)
        {
            int inChunk = position % KvLayout.ChunkPositions;
            _layout.ExpandKeys(Chunk(kvHead, position), inChunk / KvLayout.PanelPositions, p);
            _layout.ExpandValue(Chunk(kvHead, position), inChunk, v);
        }

        float[] key = new float[KeyLength];
        for (int i = 0; i < KeyLength; i++)
        {
            key[i] = panel[(i * KvLayout.PanelPositions) + (position % KvLayout.PanelPositions)];
        }

        return (key, value[..ValueLength]);
    }

    /// <summary>Softmax attention of one token in double precision over what the cache holds.</summary>
    public double[] Reference(int position)
    {
        double[] output = new double[Heads * ValueLength];
        for (int head = 0; head < Heads; head++)
        {
            int kvHead = head / (Heads / KvHeads);
            double[] scores = new double[position + 1];
            double max = double.NegativeInfinity;
            for (int p = 0; p <= position; p++)
            {
                float[] key = Cached(kvHead, p).Key;
                for (int i = 0; i < KeyLength; i++)
                {
                    scores[p] += (double)Queries[(((position * Heads) + head) * KeyLength) + i] * key[i];
                }

                scores[p] *= Scale;
                max = Math.Max(max, scores[p]);
            }

            double sum = 0;
            for (int p = 0; p <= position; p++)
            {
                double e = Math.Exp(scores[p] - max);
                sum += e;
                float[] value = Cached(kvHead, p).Value;
                for (int i = 0; i < ValueLength; i++)
                {
                    output[(head * ValueLength) + i] += e * value[i];
                }
            }

            for (int i = 0; i < ValueLength; i++)
            {
                output[(head * ValueLength) + i] /= sum;
            }
        }

        return output;
    }

    private byte* Chunk(int kvHead, int position) =>
        _chunks.Pointer + (((position / KvLayout.ChunkPositions * (long)KvHeads) + kvHead) * _layout.ChunkBytes);

    private static float[] Fill(Random random, int count, float spread)
    {
        float[] x = new float[count];
        for (int i = 0; i < count; i++)
        {
            x[i] = (float)((random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5) * 2 * spread);
        }

        return x;
    }

    private void StoreAll()
    {
        fixed (float* keys = Keys, values = Values)
        {
            for (int position = 0; position < Positions; position++)
            {
                for (int kvHead = 0; kvHead < KvHeads; kvHead++)
                {
                    int row = (position * KvHeads) + kvHead;
                    _layout.StoreKey(Chunk(kvHead, position), position % KvLayout.ChunkPositions, keys + (row * KeyLength));
                    _layout.StoreValue(Chunk(kvHead, position), position % KvLayout.ChunkPositions, values + (row * ValueLength));
                }
            }
        }
    }
}

using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Kernels.Arm;
using EdgeRuntime.Kernels.Attention;
using EdgeRuntime.Memory;
using EdgeRuntime.State;

namespace EdgeRuntime.Tests.State;

/// <summary>
/// A cache and attention over it, layer by layer, as a model would do it: what is stored and asked at a position follows from
/// a seed, the position and the layer. Each layer has two query heads for a KV head.
/// </summary>
internal sealed unsafe class KvRun : IDisposable
{
    private readonly AttentionKernel[] _kernels;

    /// <param name="layers">What attention masks, a layer's window included.</param>
    /// <param name="keepsAll">Whether the cache keeps all positions all the same.</param>
    /// <param name="capacity">Positions.</param>
    /// <param name="batchTokens">Largest batch.</param>
    public KvRun(KvGeometry[] layers, bool keepsAll, int capacity, int batchTokens)
    {
        Cache = new KvCache(keepsAll ? [.. layers.Select(layer => layer with { Window = 0 })] : layers, capacity, batchTokens);
        _kernels = [.. layers.Select(layer => AttentionKernel.Create<Lanes128>(
            new AttentionShape
            {
                Heads = 2 * layer.KvHeads,
                KvHeads = layer.KvHeads,
                KeyLength = layer.KeyLength,
                ValueLength = layer.ValueLength,
                Scale = 1,
                Window = layer.Window,
            },
            layer.KeyType,
            layer.ValueType))];
    }

    public KvCache Cache { get; }

    public void Dispose() => Cache.Dispose();

    /// <summary>Appends a batch and returns the output of its tokens, layer after layer.</summary>
    public float[] Append(int tokens, int seed)
    {
        Cache.Reserve(tokens);
        List<float> outputs = [];
        for (int layer = 0; layer < _kernels.Length; layer++)
        {
            Store(layer, tokens, seed);
            outputs.AddRange(Attend(layer, tokens, seed));
        }

        Cache.Advance(tokens);
        return [.. outputs];
    }

    /// <summary>Stores a batch that is then given up.</summary>
    public void Abandon(int tokens, int seed)
    {
        Cache.Reserve(tokens);
        for (int layer = 0; layer < _kernels.Length; layer++)
        {
            Store(layer, tokens, seed);
        }
    }

    private void Store(int layer, int tokens, int seed)
    {
        AttentionShape shape = _kernels[layer].Shape;
        for (int position = Cache.Length; position < Cache.Length + tokens; position++)
        {
            for (int head = 0; head < shape.KvHeads; head++)
            {
                float[] both = KvCases.Numbers(seed, position, (layer * 10) + head, shape.KeyLength + shape.ValueLength);
                fixed (float* key = both)
                {
                    Cache.Store(layer, head, position, key, key + shape.KeyLength);
                }
            }
        }
    }

    private float[] Attend(int layer, int tokens, int seed)
    {
        AttentionKernel kernel = _kernels[layer];
        AttentionShape shape = kernel.Shape;
        float[] queries = [.. Enumerable.Range(Cache.Length, tokens)
            .SelectMany(position => KvCases.Numbers(seed, position, 50 + layer, shape.Heads * shape.KeyLength))];
        float[] output = new float[tokens * shape.Heads * shape.ValueLength];
        using NativeBuffer scratch = new(kernel.ScratchBytes);
        using NativeBuffer partials = new(kernel.MostPartialBytes(Cache.Capacity, 1, tokens));
        AttentionBatch batch = new();
        batch.Begin(kernel, partials.Pointer, partials.ByteLength);
        fixed (float* q = queries, o = output)
        {
            AttentionSlice slice = new()
            {
                Queries = q,
                QueryStride = shape.Heads * shape.KeyLength,
                Output = o,
                OutputStride = shape.Heads * shape.ValueLength,
                Start = Cache.Length,
                Tokens = tokens,
            };
            Cache.Fill(ref slice, layer);
            batch.Add(slice);
            for (int i = 0; i < batch.Items; i++)
            {
                batch.Compute(i, scratch.Pointer);
            }

            for (int i = 0; i < batch.MergeItems; i++)
            {
                batch.Merge(i);
            }
        }

        return output;
    }
}

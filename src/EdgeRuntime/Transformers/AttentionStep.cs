using System;
using EdgeRuntime.Kernels;
using EdgeRuntime.Kernels.Attention;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Memory;
using EdgeRuntime.Threading;

namespace EdgeRuntime.Transformers;

/// <summary>
/// Between the projections of an attention block: rotates queries and keys, stores keys and values, and attends, sequence by
/// sequence. Owns its scratch.
/// </summary>
internal sealed unsafe class AttentionStep : IDisposable
{
    private readonly TransformerSpec _spec;
    private readonly ForwardScratch _s;
    private readonly CausalAttention _attention;
    private readonly NativeBuffer _partials;
    private readonly NativeBuffer[] _threads;

    /// <param name="spec">The model's shape.</param>
    /// <param name="isa">Whose kernels to use.</param>
    /// <param name="scratch">Where queries, keys, values and the output lie; not owned.</param>
    /// <param name="kvType">Type of the caches that the batches will name.</param>
    /// <param name="contextLength">Greatest capacity of these caches.</param>
    /// <param name="threads">Threads that compute.</param>
    public AttentionStep(TransformerSpec spec, InstructionSet isa, ForwardScratch scratch, KvCacheType kvType, int contextLength, int threads)
    {
        _spec = spec;
        _s = scratch;
        _attention = isa.CreateAttention(
            spec.Heads, spec.KvHeads, spec.KeyLength, spec.ValueLength, spec.AttentionScale, KvCache.TensorTypeOf(kvType));
        _partials = new NativeBuffer(_attention.PartialBytes(contextLength));
        _threads = new NativeBuffer[threads];
        for (int i = 0; i < threads; i++)
        {
            _threads[i] = new NativeBuffer(_attention.ScratchBytes);
        }
    }

    /// <summary>attention = softmax(scale q k^T) v for all rows. Ends at a barrier.</summary>
    public void Run(WorkerPool team, int thread, int layer, ReadOnlySpan<BatchSlice> slices)
    {
        foreach (BatchSlice slice in slices)
        {
            RotateAndStore(team, layer, slice);
            team.Barrier();
            Attend(team, thread, layer, slice);
        }
    }

    public void Dispose()
    {
        _partials.Dispose();
        foreach (NativeBuffer thread in _threads)
        {
            thread.Dispose();
        }
    }

    /// <summary>Rotates the queries and keys of a sequence's rows and stores keys and values in its cache.</summary>
    private void RotateAndStore(WorkerPool team, int layer, BatchSlice slice)
    {
        RopeSpec rope = _spec.Rope;
        int pairs = rope.Dimensions / 2;
        for (int item; (item = team.TakeItems(1)) < slice.Rows;)
        {
            long row = slice.FirstRow + item;
            float* cos = _s.Cos + (row * pairs);
            float* sin = _s.Sin + (row * pairs);
            float* key = _s.Key + (row * _spec.KeyWidth);
            Rope.Apply(_s.Query + (row * _spec.QueryWidth), _spec.Heads, _spec.KeyLength, rope.Dimensions, cos, sin, rope.Pairing);
            Rope.Apply(key, _spec.KvHeads, _spec.KeyLength, rope.Dimensions, cos, sin, rope.Pairing);
            float* value = _s.Value + (row * _spec.ValueWidth);
            for (int head = 0; head < _spec.KvHeads; head++)
            {
                slice.Cache.Store(layer, head, slice.FirstPosition + item, key + (head * _spec.KeyLength), value + (head * _spec.ValueLength));
            }
        }
    }

    private void Attend(WorkerPool team, int thread, int layer, BatchSlice slice)
    {
        var work = new AttentionSlice();
        slice.Cache.Fill(ref work, layer);
        work.Queries = _s.Query + ((long)slice.FirstRow * _spec.QueryWidth);
        work.QueryStride = _spec.QueryWidth;
        work.Output = _s.Attention + ((long)slice.FirstRow * _spec.AttentionWidth);
        work.OutputStride = _spec.AttentionWidth;
        work.Start = slice.FirstPosition;
        work.Tokens = slice.Rows;
        work.Partials = (float*)_partials.Pointer;

        int items = _attention.Items(work.Start, work.Tokens);
        for (int item; (item = team.TakeItems(1)) < items;)
        {
            _attention.Compute(work, item, _threads[thread].Pointer);
        }

        team.Barrier();
        int merges = _attention.MergeItems(work.Start, work.Tokens);
        if (merges == 0)
        {
            return;
        }

        for (int item; (item = team.TakeItems(1)) < merges;)
        {
            _attention.Merge(work, item);
        }

        team.Barrier();
    }
}

using System;
using EdgeRuntime.Kernels;
using EdgeRuntime.Kernels.Attention;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Memory;
using EdgeRuntime.Threading;

namespace EdgeRuntime.Transformers;

/// <summary>
/// Between the projections of an attention block: rotates queries and keys, stores keys and values, and attends. Owns its scratch.
/// </summary>
internal sealed unsafe class AttentionStep : IDisposable
{
    // Sequences of a batch whose partial results have room.
    private const int MostSequences = 1;

    private readonly TransformerSpec _spec;
    private readonly ForwardScratch _s;
    private readonly AttentionKernel _attention;
    private readonly AttentionBatch _batch = new();
    private readonly NativeBuffer _partials;
    private readonly NativeBuffer[] _threads;

    /// <param name="spec">The model's shape.</param>
    /// <param name="isa">Whose kernels to use.</param>
    /// <param name="scratch">Where queries, keys, values and the output lie; not owned.</param>
    /// <param name="kvTypes">Types of the caches that the batches will name.</param>
    /// <param name="contextLength">Greatest capacity of these caches.</param>
    /// <param name="threads">Threads that compute.</param>
    public AttentionStep(TransformerSpec spec, InstructionSet isa, ForwardScratch scratch, KvTypes kvTypes, int contextLength, int threads)
    {
        _spec = spec;
        _s = scratch;
        AttentionShape shape = new()
        {
            Heads = spec.Heads,
            KvHeads = spec.KvHeads,
            KeyLength = spec.KeyLength,
            ValueLength = spec.ValueLength,
            Scale = spec.AttentionScale,
        };
        _attention = AttentionKernel.Create(shape, kvTypes.KeyTensorType, kvTypes.ValueTensorType, isa);
        _partials = new NativeBuffer(_attention.MostPartialBytes(contextLength, MostSequences, scratch.MaxTokens));
        _threads = new NativeBuffer[threads];
        for (int i = 0; i < threads; i++)
        {
            _threads[i] = new NativeBuffer(_attention.ScratchBytes);
        }
    }

    /// <summary>attention = softmax(scale q k^T) v for all rows. Ends at a barrier.</summary>
    public void Run(WorkerPool team, int thread, int layer, ReadOnlySpan<BatchSlice> slices)
    {
        if (thread == 0)
        {
            Plan(layer, slices); // the others read it after the barrier
        }

        int rows = slices[^1].FirstRow + slices[^1].Rows;
        int slice = 0;
        for (int row; (row = team.TakeItems(1)) < rows;)
        {
            while (row >= slices[slice].FirstRow + slices[slice].Rows)
            {
                slice++;
            }

            RotateAndStore(layer, slices[slice], row);
        }

        team.Barrier();
        for (int item; (item = team.TakeItems(1)) < _batch.Items;)
        {
            _batch.Compute(item, _threads[thread].Pointer);
        }

        team.Barrier();
        if (_batch.MergeItems == 0)
        {
            return;
        }

        for (int item; (item = team.TakeItems(1)) < _batch.MergeItems;)
        {
            _batch.Merge(item);
        }

        team.Barrier();
    }

    public void Dispose()
    {
        _partials.Dispose();
        foreach (NativeBuffer thread in _threads)
        {
            thread.Dispose();
        }
    }

    /// <summary>Rotates a row's queries and keys and stores its keys and values in its sequence's cache.</summary>
    private void RotateAndStore(int layer, BatchSlice slice, long row)
    {
        RopeSpec rope = _spec.Rope;
        int pairs = rope.Dimensions / 2;
        float* cos = _s.Cos + (row * pairs);
        float* sin = _s.Sin + (row * pairs);
        float* key = _s.Key + (row * _spec.KeyWidth);
        Rope.Apply(_s.Query + (row * _spec.QueryWidth), _spec.Heads, _spec.KeyLength, rope.Dimensions, cos, sin, rope.Pairing);
        Rope.Apply(key, _spec.KvHeads, _spec.KeyLength, rope.Dimensions, cos, sin, rope.Pairing);
        float* value = _s.Value + (row * _spec.ValueWidth);
        int position = slice.FirstPosition + (int)row - slice.FirstRow;
        for (int head = 0; head < _spec.KvHeads; head++)
        {
            slice.Cache.Store(layer, head, position, key + (head * _spec.KeyLength), value + (head * _spec.ValueLength));
        }
    }

    private void Plan(int layer, ReadOnlySpan<BatchSlice> slices)
    {
        _batch.Begin(_attention, _partials.Pointer, _partials.ByteLength);
        foreach (BatchSlice slice in slices)
        {
            AttentionSlice work = new()
            {
                Queries = _s.Query + ((long)slice.FirstRow * _spec.QueryWidth),
                QueryStride = _spec.QueryWidth,
                Output = _s.Attention + ((long)slice.FirstRow * _spec.AttentionWidth),
                OutputStride = _spec.AttentionWidth,
                Start = slice.FirstPosition,
                Tokens = slice.Rows,
            };
            slice.Cache.Fill(ref work, layer);
            _batch.Add(work);
        }
    }
}

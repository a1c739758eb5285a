using System;

namespace EdgeRuntime.Kernels.Attention;

/// <summary>
/// The slices of one layer's batch as one list of work items, so that the number of barriers does not depend on the number of
/// sequences. Items are numbered through all slices; each slice that is split into chunks has a place of its own for partial
/// results. One thread fills the batch; then any number of threads may compute. Owns no memory but its list of slices, which
/// is kept from one batch to the next.
/// </summary>
internal sealed unsafe class AttentionBatch
{
    private Entry[] _entries = [];
    private int _count;
    private AttentionKernel? _kernel;
    private float* _partials;
    private long _partialBytes;
    private long _partialBytesUsed;

    /// <summary>Items of <see cref="Compute"/>.</summary>
    public int Items => _count == 0 ? 0 : _entries[_count - 1].EndItem;

    /// <summary>Items of <see cref="Merge"/>, once all of <see cref="Compute"/> are done; 0 where these have written all output.</summary>
    public int MergeItems => _count == 0 ? 0 : _entries[_count - 1].EndMerge;

    /// <summary>Forgets the slices.</summary>
    /// <param name="kernel">What the layer computes.</param>
    /// <param name="partials">Room for partial results, 64-byte aligned.</param>
    /// <param name="partialBytes">Its size; <see cref="AttentionKernel.MostPartialBytes"/> says how much a batch can need.</param>
    public void Begin(AttentionKernel kernel, void* partials, long partialBytes)
    {
        _kernel = kernel;
        _partials = (float*)partials;
        _partialBytes = partialBytes;
        _partialBytesUsed = 0;
        _count = 0;
    }

    /// <summary>Adds a sequence's slice.</summary>
    /// <exception cref="ArgumentException">There is no room for its partial results.</exception>
    public void Add(in AttentionSlice slice)
    {
        AttentionKernel kernel = Kernel();
        long bytes = kernel.PartialBytes(slice.Start, slice.Tokens);
        if (bytes > _partialBytes - _partialBytesUsed)
        {
            throw new ArgumentException(
                $"a slice of {slice.Tokens} tokens from position {slice.Start} needs {bytes} bytes for partial results; {_partialBytes - _partialBytesUsed} are left");
        }

        if (_count == _entries.Length)
        {
            Array.Resize(ref _entries, int.Max(4, 2 * _count));
        }

        ref Entry entry = ref _entries[_count];
        entry.Slice = slice;
        entry.Slice.Partials = (float*)((byte*)_partials + _partialBytesUsed);
        entry.EndItem = checked(Items + kernel.Items(slice.Start, slice.Tokens));
        entry.EndMerge = checked(MergeItems + kernel.MergeItems(slice.Start, slice.Tokens));
        _partialBytesUsed += bytes;
        _count++;
    }

    /// <summary>Computes one item. Items may be computed by several threads at once.</summary>
    /// <param name="item">0 to Items - 1.</param>
    /// <param name="scratch"><see cref="AttentionKernel.ScratchBytes"/> bytes of the calling thread, 64-byte aligned.</param>
    public void Compute(int item, byte* scratch)
    {
        int slice = 0;
        while (item >= _entries[slice].EndItem)
        {
            slice++;
        }

        Kernel().Compute(_entries[slice].Slice, item - (slice == 0 ? 0 : _entries[slice - 1].EndItem), scratch);
    }

    /// <summary>Brings the partial results of one token and head together, once all items are computed.</summary>
    /// <param name="item">0 to MergeItems - 1.</param>
    public void Merge(int item)
    {
        int slice = 0;
        while (item >= _entries[slice].EndMerge)
        {
            slice++;
        }

        Kernel().Merge(_entries[slice].Slice, item - (slice == 0 ? 0 : _entries[slice - 1].EndMerge));
    }

    private AttentionKernel Kernel() => _kernel ?? throw new InvalidOperationException("Begin names the kernel first");

    private struct Entry
    {
        public AttentionSlice Slice;
        public int EndItem;
        public int EndMerge;
    }
}

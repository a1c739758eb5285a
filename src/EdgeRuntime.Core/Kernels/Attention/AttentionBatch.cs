using System;

namespace EdgeRuntime.Kernels.Attention;

/// <summary>
/// The slices of one layer's batch as one list of work items, so that the number of barriers does not depend on the number of
/// sequences. Items are numbered across all slices; each slice that is split into chunks has its own memory for partial results.
/// One thread fills the batch; then any number of threads may compute. The batch owns only its list of slices, which it reuses.
/// </summary>
internal sealed unsafe class AttentionBatch
{
    private Entry[] _entries = [];
    private int _count;
    private AttentionKernel? _kernel;
    private byte* _partials;
    private long _partialBytesLeft;

    /// <summary>The number of items of <see cref="Compute"/>.</summary>
    public int Items { get; private set; }

    /// <summary>The number of items of <see cref="Merge"/>; 0 where <see cref="Compute"/> writes all output.</summary>
    public int MergeItems { get; private set; }

    /// <summary>Removes the slices of the last batch.</summary>
    /// <param name="kernel">The layer's attention.</param>
    /// <param name="partials">Memory for partial results, 64-byte aligned.</param>
    /// <param name="partialBytes">Its size; <see cref="AttentionKernel.MostPartialBytes"/> says how much a batch can need.</param>
    public void Begin(AttentionKernel kernel, void* partials, long partialBytes)
    {
        _kernel = kernel;
        _partials = (byte*)partials;
        _partialBytesLeft = partialBytes;
        _count = 0;
        (Items, MergeItems) = (0, 0);
    }

    /// <summary>Adds a sequence's slice.</summary>
    /// <exception cref="ArgumentException">There is no room for its partial results.</exception>
    public void Add(in AttentionSlice slice)
    {
        AttentionKernel kernel = Kernel();
        long bytes = kernel.PartialBytes(slice.Start, slice.Tokens);
        if (bytes > _partialBytesLeft)
        {
            throw new ArgumentException(
                $"a slice of {slice.Tokens} tokens from position {slice.Start} needs {bytes} bytes for partial results; "
                + $"{_partialBytesLeft} are left");
        }

        if (_count == _entries.Length)
        {
            Array.Resize(ref _entries, int.Max(4, 2 * _count));
        }

        ref Entry entry = ref _entries[_count++];
        entry.Slice = slice;
        entry.Slice.Partials = (float*)_partials;
        entry.Items = kernel.Items(slice.Start, slice.Tokens);
        entry.MergeItems = kernel.MergeItems(slice.Start, slice.Tokens);
        Items = checked(Items + entry.Items);
        MergeItems = checked(MergeItems + entry.MergeItems);
        _partials += bytes;
        _partialBytesLeft -= bytes;
    }

    /// <summary>Computes one item. Items may be computed by several threads at once.</summary>
    /// <param name="item">0 to Items - 1.</param>
    /// <param name="scratch"><see cref="AttentionKernel.ScratchBytes"/> bytes of the calling thread, 64-byte aligned.</param>
    public void Compute(int item, byte* scratch)
    {
        int slice = 0;
        for (; item >= _entries[slice].Items; slice++)
        {
            item -= _entries[slice].Items;
        }

        Kernel().Compute(_entries[slice].Slice, item, scratch);
    }

    /// <summary>Merges the partial results of one token and head, after all items of <see cref="Compute"/>.</summary>
    /// <param name="item">0 to MergeItems - 1.</param>
    public void Merge(int item)
    {
        int slice = 0;
        for (; item >= _entries[slice].MergeItems; slice++)
        {
            item -= _entries[slice].MergeItems;
        }

        Kernel().Merge(_entries[slice].Slice, item);
    }

    private AttentionKernel Kernel() => _kernel ?? throw new InvalidOperationException("Begin names the kernel first");

    private struct Entry
    {
        public AttentionSlice Slice;
        public int Items;
        public int MergeItems;
    }
}

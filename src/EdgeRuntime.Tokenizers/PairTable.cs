using System;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace EdgeRuntime;

/// <summary>Maps the two symbols of a merge to its rank (0 is best) and to the merged symbol.</summary>
internal sealed class PairTable
{
    private readonly Slot[] _slots;

    /// <param name="capacity">The largest number of merges.</param>
    public PairTable(int capacity) =>
        _slots = new Slot[BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, capacity + (capacity / 2L)))];

    /// <summary>Adds a merge. If the pair exists already, the first merge is kept.</summary>
    public void Add(int left, int right, int rank, int merged)
    {
        ref Slot slot = ref FindSlot(left, right, out ulong key);
        if (slot.Key == 0)
        {
            slot = new Slot(key, rank, merged);
        }
    }

    /// <summary>Gets the merge of a pair, if there is one.</summary>
    public bool TryGet(int left, int right, out int rank, out int merged)
    {
        ref readonly Slot slot = ref FindSlot(left, right, out _);
        (rank, merged) = (slot.Rank, slot.Merged);
        return slot.Key != 0;
    }

    // Keys are shifted by one, so that 0 means an empty slot.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private ref Slot FindSlot(int left, int right, out ulong key)
    {
        Slot[] slots = _slots;
        key = (((ulong)(uint)left << 32) | (uint)right) + 1;
        int mask = slots.Length - 1;
        ulong hash = key * 0x9E3779B97F4A7C15;
        int slot = (int)((hash ^ (hash >> 32)) * 0xD6E8FEB86659FD93 >> 32) & mask;
        while (slots[slot].Key != 0 && slots[slot].Key != key)
        {
            slot = (slot + 1) & mask;
        }

        return ref slots[slot];
    }

    /// <summary>A pair with its merge, in one place of the memory.</summary>
    private readonly record struct Slot(ulong Key, int Rank, int Merged);
}

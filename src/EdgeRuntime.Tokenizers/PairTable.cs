using System;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace EdgeRuntime;

/// <summary>Maps the two symbols of a merge to its rank (0 is best) and to the merged symbol.</summary>
internal sealed class PairTable
{
    private readonly ulong[] _keys;
    private readonly (int Rank, int Merged)[] _values;

    /// <param name="capacity">The largest number of merges.</param>
    public PairTable(int capacity)
    {
        uint slots = BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, capacity * 2L));
        _keys = new ulong[slots];
        _values = new (int, int)[slots];
    }

    /// <summary>Adds a merge. If the pair exists already, the first merge is kept.</summary>
    public void Add(int left, int right, int rank, int merged)
    {
        int slot = FindSlot(left, right, out ulong key);
        if (_keys[slot] == 0)
        {
            _keys[slot] = key;
            _values[slot] = (rank, merged);
        }
    }

    /// <summary>Gets the merge of a pair, if there is one.</summary>
    public bool TryGet(int left, int right, out int rank, out int merged)
    {
        int slot = FindSlot(left, right, out _);
        (rank, merged) = _values[slot];
        return _keys[slot] != 0;
    }

    // Keys are shifted by one, so that 0 means an empty slot.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int FindSlot(int left, int right, out ulong key)
    {
        key = (((ulong)(uint)left << 32) | (uint)right) + 1;
        int mask = _keys.Length - 1;
        ulong hash = key * 0x9E3779B97F4A7C15;
        int slot = (int)((hash ^ (hash >> 32)) * 0xD6E8FEB86659FD93 >> 32) & mask;
        while (_keys[slot] != 0 && _keys[slot] != key)
        {
            slot = (slot + 1) & mask;
        }

        return slot;
    }
}

using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeRuntime;

/// <summary>
/// Assigns ids to byte strings, from 0 in the order of addition, and finds them by their bytes. It has one pool of bytes and one
/// open-addressing table: a vocabulary of 250,000 pieces needs no object per piece.
/// </summary>
internal sealed class PieceTable
{
    // A file chooses its pieces, so the hash is seeded: nobody can prepare a vocabulary whose pieces all collide.
    private static readonly ulong Seed = (ulong)Random.Shared.NextInt64();

    private byte[] _bytes;
    private int _used;
    private int[] _ends;
    private int[] _slots;
    private int _indexed;

    /// <param name="capacity">The expected number of pieces. The table grows beyond it if necessary.</param>
    public PieceTable(int capacity)
    {
        _bytes = new byte[Math.Max(64, capacity * 8L > Array.MaxLength ? Array.MaxLength : capacity * 8)];
        _ends = new int[Math.Max(4, capacity)];
        _slots = new int[BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, capacity * 2))];
    }

    /// <summary>Gets the number of pieces.</summary>
    public int Count { get; private set; }

    /// <summary>Gets the length of the longest piece in bytes.</summary>
    public int LongestPiece { get; private set; }

    /// <summary>Gets the bytes of a piece.</summary>
    public ReadOnlySpan<byte> this[int id]
    {
        get
        {
            int start = id == 0 ? 0 : _ends[id - 1];
            return _bytes.AsSpan(start, _ends[id] - start);
        }
    }

    /// <summary>Adds a piece with the next id. Empty pieces are never found; of equal pieces the last one is found.</summary>
    /// <param name="piece">The bytes of the piece.</param>
    /// <param name="findable">Whether <see cref="Find"/> finds the piece.</param>
    /// <returns>The id of the piece.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Add(ReadOnlySpan<byte> piece, bool findable = true)
    {
        Reserve(piece.Length);
        piece.CopyTo(_bytes.AsSpan(_used));
        _used += piece.Length;
        _ends[Count] = _used;
        int id = Count++;
        if (findable && piece.Length > 0)
        {
            LongestPiece = Math.Max(LongestPiece, piece.Length);
            if (2 * ++_indexed > _slots.Length)
            {
                GrowSlots();
            }

            _slots[FindSlot(piece)] = id + 1;
        }

        return id;
    }

    /// <summary>Finds the id of a piece, or -1.</summary>
    public int Find(ReadOnlySpan<byte> piece) =>
        piece.Length == 0 || piece.Length > LongestPiece ? -1 : _slots[FindSlot(piece)] - 1;

    /// <summary>Finds the id of a piece; adds the piece if it is new.</summary>
    public int FindOrAdd(ReadOnlySpan<byte> piece)
    {
        int id = Find(piece);
        return id >= 0 ? id : Add(piece);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int FindSlot(ReadOnlySpan<byte> piece)
    {
        int mask = _slots.Length - 1;
        int slot = (int)Hash(piece) & mask;
        while (_slots[slot] != 0 && !this[_slots[slot] - 1].SequenceEqual(piece))
        {
            slot = (slot + 1) & mask;
        }

        return slot;
    }

    private void Reserve(int bytes)
    {
        if (_bytes.Length - _used < bytes)
        {
            long size = Math.Min(Math.Max(_bytes.Length * 2L, _used + (long)bytes), Array.MaxLength);
            if (size - _used < bytes)
            {
                throw new VocabularyException("tokens", "more than 2 GiB of pieces", "at most 2 GiB");
            }

            Array.Resize(ref _bytes, (int)size);
        }

        if (Count == _ends.Length)
        {
            Array.Resize(ref _ends, _ends.Length * 2);
        }
    }

    private void GrowSlots()
    {
        int[] old = _slots;
        _slots = new int[old.Length * 2];
        foreach (int entry in old)
        {
            if (entry != 0)
            {
                _slots[FindSlot(this[entry - 1])] = entry;
            }
        }
    }

    private static uint Hash(ReadOnlySpan<byte> piece)
    {
        const ulong Multiplier = 0x9E3779B97F4A7C15;
        ulong hash = Seed ^ (uint)piece.Length;
        while (piece.Length >= 8)
        {
            hash = BitOperations.RotateLeft((hash ^ MemoryMarshal.Read<ulong>(piece)) * Multiplier, 29);
            piece = piece[8..];
        }

        ulong rest = 0;
        foreach (byte b in piece)
        {
            rest = (rest << 8) | b;
        }

        hash = (hash ^ rest) * Multiplier;
        return (uint)((hash ^ (hash >> 32)) * Multiplier >> 32);
    }
}

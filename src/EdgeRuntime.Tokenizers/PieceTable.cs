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

    private readonly ulong _seed = Seed;
    private byte[] _bytes;
    private int[] _starts; // [Count + 1]

    // The lower bits of a slot are an id plus 1, or 0 for none. The upper bits, which do not choose the slot, are those of the hash, so
    // that hardly any search reads the bytes of another piece than its own.
    private uint[] _slots;

    /// <param name="capacity">The expected number of pieces. The table grows beyond it if necessary.</param>
    /// <param name="findable">Whether there will be pieces that <see cref="Find"/> finds.</param>
    public PieceTable(int capacity, bool findable = true)
    {
        _bytes = new byte[Math.Max(64, capacity * 8L > Array.MaxLength ? Array.MaxLength : capacity * 8)];
        _starts = new int[Math.Max(4, capacity) + 1];
        _slots = new uint[BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, findable ? capacity * 2 : 0))];
    }

    /// <summary>Gets the number of pieces.</summary>
    public int Count { get; private set; }

    /// <summary>Gets the length of the longest piece in bytes.</summary>
    public int LongestPiece { get; private set; }

    /// <summary>Gets whether there are equal pieces, of which <see cref="Find"/> finds the last one.</summary>
    public bool HasDuplicates { get; private set; }

    /// <summary>Gets the bytes of a piece.</summary>
    public ReadOnlySpan<byte> this[int id]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _bytes.AsSpan(_starts[id], _starts[id + 1] - _starts[id]);
    }

    /// <summary>Adds a piece with the next id. Empty pieces are never found; of equal pieces the last one is found.</summary>
    /// <param name="piece">The bytes of the piece.</param>
    /// <param name="findable">Whether <see cref="Find"/> finds the piece.</param>
    /// <returns>The id of the piece.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Add(ReadOnlySpan<byte> piece, bool findable = true)
    {
        int start = _starts[Count];
        Reserve(start, piece.Length);
        piece.CopyTo(_bytes.AsSpan(start));
        int id = Count++;
        _starts[Count] = start + piece.Length;
        if (findable && piece.Length > 0)
        {
            LongestPiece = Math.Max(LongestPiece, piece.Length);
            if (2L * Count > _slots.Length)
            {
                GrowSlots();
            }

            Index(piece, id);
        }

        return id;
    }

    /// <summary>Finds the id of a piece, or -1.</summary>
    public int Find(ReadOnlySpan<byte> piece)
    {
        if (piece.Length == 0 || piece.Length > LongestPiece)
        {
            return -1;
        }

        uint[] slots = _slots;
        return (int)(slots[FindSlot(slots, piece, Hash(piece))] & (uint)(slots.Length - 1)) - 1;
    }

    /// <summary>Finds the id of a piece; adds the piece if it is new.</summary>
    public int FindOrAdd(ReadOnlySpan<byte> piece)
    {
        int id = Find(piece);
        return id >= 0 ? id : Add(piece);
    }

    private void Index(ReadOnlySpan<byte> piece, int id)
    {
        uint[] slots = _slots;
        uint hash = Hash(piece);
        ref uint slot = ref slots[FindSlot(slots, piece, hash)];
        HasDuplicates |= slot != 0;
        slot = (hash & ~(uint)(slots.Length - 1)) | ((uint)id + 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int FindSlot(uint[] slots, ReadOnlySpan<byte> piece, uint hash)
    {
        uint mask = (uint)slots.Length - 1;
        uint slot = hash & mask;
        for (uint entry; (entry = slots[slot]) != 0; slot = (slot + 1) & mask)
        {
            if (((entry ^ hash) & ~mask) == 0 && this[(int)(entry & mask) - 1].SequenceEqual(piece))
            {
                break;
            }
        }

        return (int)slot;
    }

    private void Reserve(int start, int bytes)
    {
        if (_bytes.Length - start < bytes)
        {
            long size = Math.Min(Math.Max(_bytes.Length * 2L, start + (long)bytes), Array.MaxLength);
            if (size - start < bytes)
            {
                throw new VocabularyException("tokens", "more than 2 GiB of pieces", "at most 2 GiB");
            }

            Array.Resize(ref _bytes, (int)size);
        }

        if (Count + 1 == _starts.Length)
        {
            Array.Resize(ref _starts, _starts.Length * 2);
        }
    }

    /// <summary>Doubles the slots, so that at most half of them are used and all ids fit.</summary>
    private void GrowSlots()
    {
        uint[] old = _slots;
        _slots = new uint[BitOperations.RoundUpToPowerOf2((uint)Math.Max(old.Length * 2L, Count * 2L))];
        foreach (uint entry in old)
        {
            int id = (int)(entry & (uint)(old.Length - 1)) - 1;
            if (id >= 0)
            {
                Index(this[id], id);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint Hash(ReadOnlySpan<byte> piece)
    {
        const ulong Multiplier = 0x9E3779B97F4A7C15;
        ulong hash = _seed ^ (uint)piece.Length;
        while (piece.Length > 8)
        {
            hash = BitOperations.RotateLeft((hash ^ MemoryMarshal.Read<ulong>(piece)) * Multiplier, 29);
            piece = piece[8..];
        }

        // The rest has 1 to 8 bytes, read in two halves that may overlap.
        ulong rest = piece.Length >= 4
            ? ((ulong)MemoryMarshal.Read<uint>(piece) << 32) | MemoryMarshal.Read<uint>(piece[^4..])
            : ((ulong)piece[0] << 16) | ((ulong)piece[piece.Length >> 1] << 8) | piece[^1];
        hash = (hash ^ rest) * Multiplier;
        return (uint)((hash ^ (hash >> 32)) * Multiplier >> 32);
    }
}

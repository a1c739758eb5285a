using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeRuntime;

/// <summary>
/// Builds a <see cref="PieceTrie"/>. The pieces are sorted, so that those with a common prefix are a range. The children of a node are
/// placed in a block of 256 units, of which 256-bit sets say which are free; one of the last few blocks usually has room.
/// </summary>
internal sealed class PieceTrieBuilder
{
    private const int KeyBytes = sizeof(ulong);
    private const int BlockUnits = 256;
    private const int OpenBlocks = 16;
    private const int MaxBlocks = (1 << PieceTrie.BaseBits) / BlockUnits;

    private readonly PieceTable _pieces = new(0, findable: false);
    private readonly List<int> _ids = [];
    private readonly List<Block> _blocks = [];
    private readonly Queue<Work> _work = new();
    private readonly List<(byte Label, int First)> _children = [];
    private Piece[] _sorted = [];
    private ulong[] _units = [];
    private ulong _root = PieceTrie.UsedBit;

    /// <summary>Adds a piece. If it exists already, the new id replaces the old one. An empty piece is ignored.</summary>
    public void Add(ReadOnlySpan<byte> piece, int id)
    {
        if (!piece.IsEmpty)
        {
            _pieces.Add(piece, findable: false);
            _ids.Add(id);
        }
    }

    /// <summary>Creates the trie.</summary>
    /// <exception cref="VocabularyException">The pieces have too many different beginnings.</exception>
    public PieceTrie Build()
    {
        Sort();
        AddBlock();
        _blocks[0] = _blocks[0] with { FreeBases = _blocks[0].FreeBases.Without(0) }; // the base of nodes without children
        _work.Enqueue(new Work(-1, 0, _sorted.Length, 0));
        while (_work.TryDequeue(out Work work))
        {
            while (Expand(ref work))
            {
                // A chain of nodes with one child each is placed at once.
            }
        }

        return new PieceTrie(_root, _units.AsSpan(0, _blocks.Count * BlockUnits).ToArray());
    }

    /// <summary>Sorts the pieces by their bytes, equal ones in the order in which they were added.</summary>
    private void Sort()
    {
        ulong[] keys = new ulong[_pieces.Count];
        int[] order = new int[keys.Length];
        Span<byte> start = stackalloc byte[KeyBytes];
        for (int i = 0; i < keys.Length; i++)
        {
            ReadOnlySpan<byte> piece = _pieces[i];
            start.Clear();
            piece[..Math.Min(piece.Length, KeyBytes)].CopyTo(start);
            (keys[i], order[i]) = (BinaryPrimitives.ReadUInt64BigEndian(start), i);
        }

        Array.Sort(keys, order);
        for (int first = 0, end; first < keys.Length; first = end)
        {
            for (end = first + 1; end < keys.Length && keys[end] == keys[first];)
            {
                end++;
            }

            if (end - first > 1)
            {
                order.AsSpan(first..end).Sort(Compare);
            }
        }

        _sorted = new Piece[keys.Length];
        for (int i = 0; i < keys.Length; i++)
        {
            _sorted[i] = new Piece(keys[i], order[i], _pieces[order[i]].Length);
        }
    }

    private int Compare(int left, int right)
    {
        int order = _pieces[left].SequenceCompareTo(_pieces[right]);
        return order != 0 ? order : left.CompareTo(right);
    }

    /// <summary>Completes a node and places its children.</summary>
    /// <param name="work">The node; on return its child, if it has just one.</param>
    /// <returns>Whether it has just one child. Two and more join the queue.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool Expand(ref Work work)
    {
        int first = work.First;
        for (; first < work.End && _sorted[first].Length == work.Depth; first++)
        {
            ref ulong ended = ref Unit(work);
            ended = (ended & ((1UL << PieceTrie.IdShift) - 1)) | (((ulong)_ids[_sorted[first].Index] + 1) << PieceTrie.IdShift);
        }

        FindChildren(first, work);
        if (_children.Count == 0)
        {
            return false;
        }

        uint place = Place();
        Unit(work) |= (ulong)place << PieceTrie.BaseShift;
        Work child = default;
        for (int i = 0; i < _children.Count; i++)
        {
            (byte label, int start) = _children[i];
            int end = i + 1 < _children.Count ? _children[i + 1].First : work.End;
            _units[place ^ label] = PieceTrie.UsedBit | label;
            child = new Work((int)(place ^ label), start, end, work.Depth + 1);
            if (_children.Count > 1)
            {
                _work.Enqueue(child);
            }
        }

        work = child;
        return _children.Count == 1;
    }

    private ref ulong Unit(Work work) => ref (work.Unit < 0 ? ref _root : ref _units[work.Unit]);

    /// <summary>Finds the next bytes of the pieces of a node that are longer than its prefix.</summary>
    private void FindChildren(int first, Work work)
    {
        _children.Clear();
        for (int i = first, last = -1; i < work.End; i++)
        {
            ref readonly Piece piece = ref _sorted[i];
            byte label = work.Depth < KeyBytes ? (byte)(piece.Key >> (8 * (KeyBytes - 1 - work.Depth))) : _pieces[piece.Index][work.Depth];
            if (label != last)
            {
                _children.Add((label, i));
                last = label;
            }
        }
    }

    /// <summary>Takes free units for the children.</summary>
    /// <returns>The base: its XOR with the byte of a child is the unit of the child.</returns>
    private uint Place()
    {
        Span<Block> blocks = CollectionsMarshal.AsSpan(_blocks);
        for (int index = blocks.Length - 1; index >= Math.Max(0, blocks.Length - OpenBlocks); index--)
        {
            ref Block block = ref blocks[index];
            if (block.FreeUnits.IsEmpty)
            {
                continue;
            }

            ByteSet bases = block.FreeBases;
            foreach ((byte label, _) in _children)
            {
                bases = bases.And(block.FreeUnits.Xor(label));
                if (bases.IsEmpty)
                {
                    break;
                }
            }

            if (!bases.IsEmpty)
            {
                return Take(index, (byte)bases.First);
            }
        }

        AddBlock();
        return Take(_blocks.Count - 1, 0);
    }

    private uint Take(int index, byte start)
    {
        ref Block block = ref CollectionsMarshal.AsSpan(_blocks)[index];
        ByteSet units = block.FreeUnits;
        foreach ((byte label, _) in _children)
        {
            units = units.Without((byte)(start ^ label));
        }

        block = new Block(units, block.FreeBases.Without(start));
        return (uint)(index * BlockUnits) | start;
    }

    private void AddBlock()
    {
        if (_blocks.Count == MaxBlocks)
        {
            throw new VocabularyException(
                "tokens", $"more than about {1 << PieceTrie.BaseBits} different beginnings of pieces", "fewer or shorter pieces");
        }

        _blocks.Add(new Block(ByteSet.All, ByteSet.All));
        if (_blocks.Count * BlockUnits > _units.Length)
        {
            Array.Resize(ref _units, Math.Max(BlockUnits, 2 * _units.Length));
        }
    }

    /// <summary>A piece among the sorted ones.</summary>
    /// <param name="Key">Its first bytes, with zeros after a short piece, as a big-endian number.</param>
    /// <param name="Index">The number of pieces that were added before it.</param>
    /// <param name="Length">The number of its bytes.</param>
    private readonly record struct Piece(ulong Key, int Index, int Length);

    /// <summary>A node whose children are not placed yet: its unit, and the range of the pieces that have its prefix.</summary>
    private readonly record struct Work(int Unit, int First, int End, int Depth);

    /// <summary>The units of a block that are free, and the numbers in it that are no base yet.</summary>
    private readonly record struct Block(ByteSet FreeUnits, ByteSet FreeBases);

    /// <summary>A set of bytes.</summary>
    private readonly record struct ByteSet(ulong A, ulong B, ulong C, ulong D)
    {
        public static ByteSet All => new(ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, ulong.MaxValue);

        public bool IsEmpty => (A | B | C | D) == 0;

        public int First => A != 0 ? BitOperations.TrailingZeroCount(A)
            : B != 0 ? 64 + BitOperations.TrailingZeroCount(B)
            : C != 0 ? 128 + BitOperations.TrailingZeroCount(C)
            : 192 + BitOperations.TrailingZeroCount(D);

        public ByteSet And(ByteSet other) => new(A & other.A, B & other.B, C & other.C, D & other.D);

        public ByteSet Without(byte value)
        {
            ulong kept = ~(1UL << value);
            return (value >> 6) switch
            {
                0 => this with { A = A & kept },
                1 => this with { B = B & kept },
                2 => this with { C = C & kept },
                _ => this with { D = D & kept },
            };
        }

        /// <summary>Gets the set of all members XOR a byte.</summary>
        public ByteSet Xor(byte value)
        {
            (ulong a, ulong b, ulong c, ulong d) = (A, B, C, D);
            if ((value & 64) != 0)
            {
                (a, b, c, d) = (b, a, d, c);
            }

            if ((value & 128) != 0)
            {
                (a, b, c, d) = (c, d, a, b);
            }

            return new ByteSet(XorBits(a, value), XorBits(b, value), XorBits(c, value), XorBits(d, value));
        }

        private static ulong XorBits(ulong bits, byte value)
        {
            ReadOnlySpan<ulong> masks =
                [0x5555555555555555, 0x3333333333333333, 0x0F0F0F0F0F0F0F0F, 0x00FF00FF00FF00FF, 0x0000FFFF0000FFFF, 0x00000000FFFFFFFF];
            for (int i = 0; i < masks.Length; i++)
            {
                int shift = 1 << i;
                if ((value & shift) != 0)
                {
                    bits = ((bits & masks[i]) << shift) | ((bits >> shift) & masks[i]);
                }
            }

            return bits;
        }
    }
}

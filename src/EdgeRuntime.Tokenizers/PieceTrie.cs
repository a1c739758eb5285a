using System;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace EdgeRuntime;

/// <summary>
/// Finds all pieces that a text starts with, in one walk over its bytes. The nodes are entries of one open-addressing table, keyed by
/// parent and byte.
/// </summary>
internal sealed class PieceTrie
{
    /// <summary>The node of the empty prefix.</summary>
    public const int Root = 0;

    // A key has the parent in its upper 24 bits. Vocabularies of a million pieces have about 5 million nodes.
    private const int MaxNodes = 1 << 24;

    // A file chooses its pieces, so the hash is seeded: nobody can prepare a vocabulary whose nodes all collide.
    private static readonly ulong Multiplier = (ulong)Random.Shared.NextInt64() | 1;

    private uint[] _keys;
    private int[] _children;
    private int[] _ids = new int[256];
    private int _count = 1;
    private int _shift;

    public PieceTrie()
    {
        _keys = new uint[1024];
        _children = new int[1024];
        _shift = 64 - BitOperations.Log2(1024);
        _ids[Root] = -1;
    }

    /// <summary>Adds a piece. If it exists already, the new id replaces the old one. An empty piece is ignored.</summary>
    /// <exception cref="VocabularyException">The trie is full.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(ReadOnlySpan<byte> piece, int id)
    {
        int node = Root;
        foreach (byte b in piece)
        {
            uint key = Key(node, b);
            int slot = FindSlot(key);
            if (_children[slot] == 0)
            {
                if (2 * _count > _keys.Length)
                {
                    Grow();
                    slot = FindSlot(key);
                }

                _keys[slot] = key;
                _children[slot] = AddNode();
            }

            node = _children[slot];
        }

        if (node != Root)
        {
            _ids[node] = id;
        }
    }

    /// <summary>Gets the node of a prefix that is one byte longer, or -1 if no piece starts with it.</summary>
    public int Step(int node, byte next)
    {
        int child = _children[FindSlot(Key(node, next))];
        return child == 0 ? -1 : child;
    }

    /// <summary>Gets the id of the piece that ends at a node, or -1.</summary>
    public int GetId(int node) => _ids[node];

    /// <summary>Gets the node of a prefix, or -1 if no piece starts with it.</summary>
    public int Find(ReadOnlySpan<byte> prefix)
    {
        int node = Root;
        for (int i = 0; i < prefix.Length && node >= 0; i++)
        {
            node = Step(node, prefix[i]);
        }

        return node;
    }

    /// <summary>Gets the length of the longest beginning of a text that is also the beginning of a piece.</summary>
    public int MeasurePrefix(ReadOnlySpan<byte> text)
    {
        int node = Root;
        for (int i = 0; i < text.Length; i++)
        {
            node = Step(node, text[i]);
            if (node < 0)
            {
                return i;
            }
        }

        return text.Length;
    }

    /// <summary>Finds the longest piece that a text starts with.</summary>
    /// <param name="text">The text.</param>
    /// <param name="length">The number of bytes of the piece.</param>
    /// <returns>The id, or -1 if the text starts with no piece.</returns>
    public int FindLongest(ReadOnlySpan<byte> text, out int length) => FindLongest(Root, text, out length);

    /// <summary>Finds the longest piece that consists of the prefix of a node and the beginning of a text.</summary>
    /// <param name="node">The node.</param>
    /// <param name="text">The text after the prefix.</param>
    /// <param name="length">The number of bytes of the piece that are in the text.</param>
    /// <returns>The id, or -1 if there is no such piece.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int FindLongest(int node, ReadOnlySpan<byte> text, out int length)
    {
        int found = _ids[node];
        length = 0;
        for (int i = 0; i < text.Length; i++)
        {
            node = Step(node, text[i]);
            if (node < 0)
            {
                break;
            }

            if (_ids[node] >= 0)
            {
                (found, length) = (_ids[node], i + 1);
            }
        }

        return found;
    }

    private static uint Key(int node, byte next) => ((uint)node << 8) | next;

    private int AddNode()
    {
        if (_count == MaxNodes)
        {
            throw new VocabularyException("tokens", $"more than {MaxNodes} different beginnings of pieces", "fewer or shorter pieces");
        }

        if (_count == _ids.Length)
        {
            Array.Resize(ref _ids, _ids.Length * 2);
        }

        _ids[_count] = -1;
        return _count++;
    }

    private int FindSlot(uint key)
    {
        int mask = _keys.Length - 1;
        int slot = (int)((key + 1) * Multiplier >> _shift);
        while (_children[slot] != 0 && _keys[slot] != key)
        {
            slot = (slot + 1) & mask;
        }

        return slot;
    }

    private void Grow()
    {
        (uint[] keys, int[] children) = (_keys, _children);
        _keys = new uint[keys.Length * 2];
        _children = new int[keys.Length * 2];
        _shift--;
        for (int i = 0; i < keys.Length; i++)
        {
            if (children[i] != 0)
            {
                int slot = FindSlot(keys[i]);
                (_keys[slot], _children[slot]) = (keys[i], children[i]);
            }
        }
    }
}

using System;
using System.Runtime.CompilerServices;

namespace EdgeRuntime;

/// <summary>
/// Finds all pieces that a text starts with, in one walk over its bytes. The nodes are the units of a double array: the child of a node is
/// at the node's base XOR the next byte, and repeats that byte. No two nodes have the same base, so a step reads one unit. Immutable;
/// <see cref="PieceTrieBuilder"/> creates it.
/// </summary>
internal sealed class PieceTrie
{
    // The bits of a unit: the byte that leads to it, a mark of units in use, the base of its children, and the id of its piece plus 1.
    internal const ulong UsedBit = 1 << 8;
    internal const int BaseShift = 9;
    internal const int BaseBits = 24;
    internal const int IdShift = BaseShift + BaseBits;
    private const ulong LabelMask = UsedBit | byte.MaxValue;

    private readonly ulong[] _units;

    /// <param name="root">The unit of the root.</param>
    /// <param name="units">The units; a multiple of 256.</param>
    internal PieceTrie(ulong root, ulong[] units)
    {
        Root = new Node(root);
        _units = units;
    }

    /// <summary>Gets the node of the empty prefix.</summary>
    public Node Root { get; }

    /// <summary>Gets the node of a prefix that is one byte longer, or no node if no piece starts with it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Node Step(Node node, byte next)
    {
        ulong unit = _units[node.Base ^ next];
        return (unit & LabelMask) == (UsedBit | next) ? new Node(unit) : default;
    }

    /// <summary>Gets the node of a prefix, or no node if no piece starts with it.</summary>
    public Node Find(ReadOnlySpan<byte> prefix)
    {
        Node node = Root;
        for (int i = 0; i < prefix.Length && node.Exists; i++)
        {
            node = Step(node, prefix[i]);
        }

        return node;
    }

    /// <summary>Gets the length of the longest beginning of a text that is also the beginning of a piece.</summary>
    public int MeasurePrefix(ReadOnlySpan<byte> text)
    {
        Node node = Root;
        for (int i = 0; i < text.Length; i++)
        {
            node = Step(node, text[i]);
            if (!node.Exists)
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
    public int FindLongest(Node node, ReadOnlySpan<byte> text, out int length)
    {
        int found = node.Id;
        length = 0;
        for (int i = 0; i < text.Length; i++)
        {
            node = Step(node, text[i]);
            if (!node.Exists)
            {
                break;
            }

            if (node.Id >= 0)
            {
                (found, length) = (node.Id, i + 1);
            }
        }

        return found;
    }

    /// <summary>A prefix of pieces. The default value is no node.</summary>
    public readonly struct Node(ulong unit)
    {
        /// <summary>Gets whether there is a piece with this prefix.</summary>
        public bool Exists => unit != 0;

        /// <summary>Gets the id of the piece that equals the prefix, or -1.</summary>
        public int Id => (int)(unit >> IdShift) - 1;

        /// <summary>Gets the number whose XOR with a byte is the index of the child.</summary>
        internal uint Base => (uint)(unit >> BaseShift) & ((1 << BaseBits) - 1);
    }
}

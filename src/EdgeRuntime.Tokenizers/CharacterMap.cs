using System;
using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace EdgeRuntime;

/// <summary>
/// The compiled normalizer of a SentencePiece model (<c>precompiled_charsmap</c>): replacements of character sequences, found by a trie.
/// The trie is a double array (Darts-clone): a child's index is the parent's base XOR the next byte, and the child repeats the byte as its
/// label. Everything that a walk may reach is checked once, when the map is read.
/// </summary>
internal sealed class CharacterMap
{
    private const string Key = "precompiled_charsmap";
    private const int HeaderBytes = 4;
    private const uint LeafBit = 1u << 8;
    private const uint LargeOffsetBit = 1u << 9;
    private const int OffsetShift = 10;

    // Bit 31 marks a node that holds a value; no byte equals such a label.
    private const uint LabelMask = 0x800000FF;
    private const uint ValueMask = 0x7FFFFFFF;

    // The longest compatibility decomposition of Unicode has 33 bytes. The limit bounds how much a text can grow.
    private const int MaxReplacementBytes = 255;

    private readonly uint[] _nodes;
    private readonly ReadOnlyMemory<byte> _replacements; // each ends with a zero byte

    private CharacterMap(uint[] nodes, ReadOnlyMemory<byte> replacements)
    {
        _nodes = nodes;
        _replacements = replacements;
    }

    /// <summary>Reads a map.</summary>
    /// <param name="data">The bytes of the file; empty for no map.</param>
    /// <returns>The map, or null if there is none.</returns>
    /// <exception cref="VocabularyException">The data is damaged.</exception>
    public static CharacterMap? Read(ReadOnlyMemory<byte> data)
    {
        if (data.IsEmpty)
        {
            return null;
        }

        uint trieBytes = data.Length < HeaderBytes ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(data.Span);
        if (data.Length < HeaderBytes || trieBytes >= data.Length - HeaderBytes)
        {
            throw new VocabularyException(Key, $"{data.Length} bytes", "a 4-byte size, as many bytes of trie and the replacements");
        }

        uint[] nodes = MemoryMarshal.Cast<byte, uint>(data.Span.Slice(HeaderBytes, (int)trieBytes)).ToArray();
        if (!BitConverter.IsLittleEndian)
        {
            BinaryPrimitives.ReverseEndianness(nodes, nodes);
        }

        var map = new CharacterMap(nodes, data[(HeaderBytes + (int)trieBytes)..]);
        map.Check();
        return map;
    }

    /// <summary>Finds the replacement of the longest sequence that a text starts with.</summary>
    /// <param name="text">The text in UTF-8.</param>
    /// <param name="replacement">The replacement.</param>
    /// <returns>The number of bytes that are replaced, or 0 for none.</returns>
    public int Match(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> replacement)
    {
        replacement = default;
        if (_nodes.Length == 0)
        {
            return 0;
        }

        (int matched, uint value) = (0, 0);
        uint node = Offset(_nodes[0]);
        for (int i = 0; i < text.Length && text[i] != 0; i++)
        {
            node ^= text[i];
            uint entry = _nodes[node];
            if ((entry & LabelMask) != text[i])
            {
                break;
            }

            node ^= Offset(entry);
            if ((entry & LeafBit) != 0)
            {
                (matched, value) = (i + 1, _nodes[node] & ValueMask);
            }
        }

        if (matched > 0)
        {
            ReadOnlySpan<byte> rest = _replacements.Span[(int)value..];
            replacement = rest[..rest.IndexOf((byte)0)];
        }

        return matched;
    }

    private static uint Offset(uint entry) => (entry >> OffsetShift) << (int)((entry & LargeOffsetBit) >> 6);

    // A walk from a node with a base reads only the 256 entries of the base's block.
    private void Check()
    {
        for (uint i = 0; i < _nodes.Length; i++)
        {
            uint entry = _nodes[i];
            if (i > 0 && (entry & LabelMask) is 0 or > byte.MaxValue)
            {
                continue; // A walk never enters a node without a label.
            }

            uint target = i ^ Offset(entry);
            if ((target | byte.MaxValue) >= _nodes.Length)
            {
                throw new VocabularyException(Key, $"trie node {i} with the base {target}", $"a base among the {_nodes.Length} nodes");
            }

            if ((entry & LeafBit) != 0)
            {
                CheckReplacement(i, _nodes[target] & ValueMask);
            }
        }
    }

    private void CheckReplacement(uint node, uint start)
    {
        if (start >= _replacements.Length)
        {
            throw new VocabularyException(
                Key, $"trie node {node} with the replacement at byte {start}", $"a place among the {_replacements.Length} bytes");
        }

        ReadOnlySpan<byte> rest = _replacements.Span[(int)start..];
        if (!rest[..Math.Min(rest.Length, MaxReplacementBytes + 1)].Contains((byte)0))
        {
            throw new VocabularyException(
                Key, $"a replacement at byte {start} without an end", $"a zero byte after at most {MaxReplacementBytes} bytes");
        }
    }
}

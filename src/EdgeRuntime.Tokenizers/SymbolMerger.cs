using System;
using System.Collections.Generic;

namespace EdgeRuntime;

/// <summary>A part of a word during merging: a range of its bytes and the id of the piece, as an element of a linked list.</summary>
internal struct Symbol
{
    /// <summary>The piece id, or -1 for bytes that are not a piece.</summary>
    public int Id;

    /// <summary>The index of the first byte in the word.</summary>
    public int Start;

    /// <summary>The number of bytes; 0 after the symbol was merged into its predecessor.</summary>
    public int Length;

    /// <summary>The indices of the neighbors, or -1.</summary>
    public int Previous, Next;
}

/// <summary>Defines which neighbors merge, and in which order.</summary>
internal interface IMergeRule
{
    /// <summary>Gets whether two neighbors merge.</summary>
    /// <param name="word">The bytes of the word.</param>
    /// <param name="left">The left symbol.</param>
    /// <param name="right">The symbol after it.</param>
    /// <param name="order">The priority: lower values merge first; among equal values the leftmost pair does.</param>
    /// <param name="merged">The id of the merged piece.</param>
    bool TryMerge(ReadOnlySpan<byte> word, in Symbol left, in Symbol right, out uint order, out int merged);
}

/// <summary>
/// Merges the symbols of a word, best pair first, with a linked list and a priority queue, in O(n log n). It is scratch memory for one
/// caller.
/// </summary>
internal sealed class SymbolMerger
{
    // Larger buffers are released after use, so that one long text does not hold its memory forever.
    private const int MaxKeptSymbols = 1 << 16;

    private readonly PriorityQueue<Candidate, ulong> _queue = new();
    private Symbol[] _symbols = new Symbol[256];
    private int _count;

    /// <summary>Gets the symbols added since <see cref="Clear"/>, in order. Symbols of length 0 were merged into others.</summary>
    public ReadOnlySpan<Symbol> Symbols => _symbols.AsSpan(0, _count);

    /// <summary>Removes the symbols of the previous word.</summary>
    public void Clear() => _count = 0;

    /// <summary>Appends a symbol to the word.</summary>
    public void Add(int id, int start, int length)
    {
        if (_count == _symbols.Length)
        {
            Array.Resize(ref _symbols, _symbols.Length * 2);
        }

        _symbols[_count] = new Symbol { Id = id, Start = start, Length = length, Previous = _count - 1, Next = -1 };
        if (_count > 0)
        {
            _symbols[_count - 1].Next = _count;
        }

        _count++;
    }

    /// <summary>Merges until no two neighbors can be merged.</summary>
    public void Merge<TRule>(ReadOnlySpan<byte> word, TRule rule)
        where TRule : struct, IMergeRule
    {
        _queue.Clear();
        for (int i = 1; i < _count; i++)
        {
            Offer(word, rule, i - 1, i);
        }

        while (_queue.TryDequeue(out Candidate candidate, out _))
        {
            ref Symbol left = ref _symbols[candidate.Left];
            ref Symbol right = ref _symbols[candidate.Right];
            if (left.Length == 0 || right.Length == 0 || left.Length + right.Length != candidate.Length)
            {
                continue; // One of the two symbols has been merged since.
            }

            left.Id = candidate.Merged;
            left.Length += right.Length;
            right.Length = 0;
            left.Next = right.Next;
            if (right.Next >= 0)
            {
                _symbols[right.Next].Previous = candidate.Left;
            }

            Offer(word, rule, left.Previous, candidate.Left);
            Offer(word, rule, candidate.Left, left.Next);
        }
    }

    /// <summary>Releases the memory of an unusually long word.</summary>
    public void Trim()
    {
        if (_symbols.Length > MaxKeptSymbols)
        {
            _symbols = new Symbol[256];
            _count = 0;
            _queue.Clear();
            _queue.TrimExcess();
        }
    }

    private void Offer<TRule>(ReadOnlySpan<byte> word, TRule rule, int left, int right)
        where TRule : struct, IMergeRule
    {
        if (left >= 0 && right >= 0 && rule.TryMerge(word, in _symbols[left], in _symbols[right], out uint order, out int merged))
        {
            int length = _symbols[left].Length + _symbols[right].Length;
            _queue.Enqueue(new Candidate(left, right, length, merged), ((ulong)order << 32) | (uint)left);
        }
    }

    private readonly record struct Candidate(int Left, int Right, int Length, int Merged);
}

using System;
using System.Collections.Generic;

namespace EdgeRuntime.Tokenizers;

/// <summary>A part of a word while it is merged: a span of its bytes and the number of the piece, in a linked list.</summary>
internal struct Symbol
{
    /// <summary>Piece number, or -1 for bytes that are no piece.</summary>
    public int Id;

    /// <summary>First byte in the word.</summary>
    public int Start;

    /// <summary>Bytes; 0 once the symbol was merged into the one before it.</summary>
    public int Length;

    /// <summary>The neighbours' indices, or -1.</summary>
    public int Previous, Next;
}

/// <summary>Says which neighbours merge, and which first.</summary>
internal interface IMergeRule
{
    /// <summary>Whether two neighbours merge.</summary>
    /// <param name="word">The word's bytes.</param>
    /// <param name="left">The left symbol.</param>
    /// <param name="right">The one after it.</param>
    /// <param name="order">Lower merges first; among equals the leftmost.</param>
    /// <param name="merged">Piece number of the two together.</param>
    bool TryMerge(ReadOnlySpan<byte> word, in Symbol left, in Symbol right, out uint order, out int merged);
}

/// <summary>
/// Merges the symbols of a word, best pair first, with a linked list and a priority queue: n log n in the word's length. Scratch
/// memory for one caller.
/// </summary>
internal sealed class SymbolMerger
{
    // Scratch for words longer than this is given back: one long text must not cost its memory forever.
    private const int KeptSymbols = 1 << 16;

    private readonly PriorityQueue<Candidate, ulong> _queue = new();
    private Symbol[] _symbols = new Symbol[256];
    private int _count;

    /// <summary>Symbols added since <see cref="Clear"/>, in order; those of length 0 were merged away.</summary>
    public ReadOnlySpan<Symbol> Symbols => _symbols.AsSpan(0, _count);

    /// <summary>Forgets the symbols of the last word.</summary>
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

    /// <summary>Merges until no neighbours merge any more.</summary>
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
                continue; // One of the two has merged with somebody else since.
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

    /// <summary>Gives back memory that an unusually long word took.</summary>
    public void Trim()
    {
        if (_symbols.Length > KeptSymbols)
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

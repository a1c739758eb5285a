using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace EdgeRuntime;

/// <summary>
/// The memory for encoding a text: the tokens with the bytes at which they end, and intermediate results. It is reused, so that encoding
/// allocates nothing. For one caller.
/// </summary>
internal sealed class EncodingScratch
{
    // Larger lists are released after use, so that one long text does not hold its memory forever.
    private const int MaxKeptElements = 1 << 16;

    private List<int> _ids = [];
    private List<int> _ends = [];

    /// <summary>Gets the merger of the symbols of a word.</summary>
    public SymbolMerger Merger { get; } = new();

    /// <summary>Gets the normalized text.</summary>
    public MappedText Mapped { get; } = new();

    /// <summary>Gets the fragments of the text.</summary>
    public List<TextFragment> Fragments { get; private set; } = [];

    /// <summary>Gets the lengths of the words of a fragment.</summary>
    public List<int> Words { get; private set; } = [];

    /// <summary>Gets the token ids.</summary>
    public ReadOnlySpan<int> Ids => CollectionsMarshal.AsSpan(_ids);

    /// <summary>
    /// Gets the index of the byte behind each token, [Ids.Length], in ascending order. A token begins where the previous one ends.
    /// </summary>
    public Span<int> Ends => CollectionsMarshal.AsSpan(_ends);

    /// <summary>Removes all tokens.</summary>
    public void Clear()
    {
        _ids.Clear();
        _ends.Clear();
    }

    /// <summary>Removes the tokens after the first ones.</summary>
    public void Truncate(int count)
    {
        CollectionsMarshal.SetCount(_ids, count);
        CollectionsMarshal.SetCount(_ends, count);
    }

    /// <summary>Reverses the order of the tokens after the first ones.</summary>
    public void Reverse(int count)
    {
        CollectionsMarshal.AsSpan(_ids)[count..].Reverse();
        CollectionsMarshal.AsSpan(_ends)[count..].Reverse();
    }

    /// <summary>Appends a token.</summary>
    /// <param name="id">The token id.</param>
    /// <param name="end">The index of the byte behind the token.</param>
    public void Add(int id, int end)
    {
        _ids.Add(id);
        _ends.Add(end);
    }

    /// <summary>Releases the memory of an unusually long text.</summary>
    public void Trim()
    {
        Merger.Trim();
        Mapped.Trim();
        if (Math.Max(_ids.Capacity, Math.Max(Words.Capacity, Fragments.Capacity)) > MaxKeptElements)
        {
            (_ids, _ends, Words, Fragments) = ([], [], [], []);
        }
    }
}

using System;
using System.Collections.Generic;

namespace EdgeRuntime.Tokenizers.Templates.Values;

/// <summary>
/// Which characters of a string came from the variables of a rendering, not from its template. Costs nothing where none or all did.
/// </summary>
internal readonly struct DataRanges
{
    /// <summary>All characters, of however long a text.</summary>
    public static readonly DataRanges All = new([(0, int.MaxValue)]);

    // In order, apart from each other, none empty; null where no character is data.
    private readonly (int Start, int End)[]? _ranges;

    private DataRanges((int Start, int End)[]? ranges) => _ranges = ranges;

    public bool IsEmpty => _ranges is null;

    public bool IsAll => ReferenceEquals(_ranges, All._ranges);

    /// <summary>The ranges; those of <see cref="All"/> go beyond the text.</summary>
    public ReadOnlySpan<(int Start, int End)> Ranges => _ranges;

    /// <summary>The data of a text of a length.</summary>
    /// <param name="ranges">In order, apart from each other, none empty.</param>
    /// <param name="length">The text's length.</param>
    public static DataRanges Of(List<(int Start, int End)>? ranges, int length) =>
        ranges is null or { Count: 0 } ? default
        : ranges is [(0, var end)] && end >= length ? All
        : new DataRanges(ranges.ToArray());

    /// <summary>Adds a range behind those that are there.</summary>
    public static void Add(ref List<(int Start, int End)>? ranges, int start, int end)
    {
        if (start >= end)
        {
            return;
        }

        ranges ??= [];
        if (ranges.Count > 0 && ranges[^1].End == start)
        {
            ranges[^1] = (ranges[^1].Start, end);
        }
        else
        {
            ranges.Add((start, end));
        }
    }

    /// <summary>Adds the data of a part of the text, moved to where the part was written.</summary>
    public void AddTo(ref List<(int Start, int End)>? ranges, int start, int length, int position)
    {
        if (_ranges is null)
        {
            return;
        }

        if (IsAll)
        {
            Add(ref ranges, position, position + length);
            return;
        }

        int end = start + length;
        for (int i = FirstAfter(start); i < Ranges.Length && Ranges[i].Start < end; i++)
        {
            Add(ref ranges, position + Math.Max(Ranges[i].Start, start) - start, position + Math.Min(Ranges[i].End, end) - start);
        }
    }

    /// <summary>The data of a part of the text.</summary>
    public DataRanges Slice(int start, int length)
    {
        if (IsEmpty || IsAll)
        {
            return this;
        }

        List<(int Start, int End)>? part = null;
        AddTo(ref part, start, length, 0);
        return Of(part, length);
    }

    /// <summary>Whether any character of a part is data.</summary>
    public bool Overlaps(int start, int length)
    {
        int first = IsEmpty ? 0 : FirstAfter(start);
        return first < Ranges.Length && Ranges[first].Start < start + length;
    }

    // The index of the first range that ends behind an index.
    private int FirstAfter(int start)
    {
        int low = 0;
        int high = Ranges.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = Ranges[middle].End > start ? (low, middle) : (middle + 1, high);
        }

        return low;
    }
}

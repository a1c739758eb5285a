using System;
using System.Collections.Generic;

namespace EdgeRuntime.Templates.Values;

/// <summary>
/// Records which characters of a string came from the variables of a rendering instead of its template. It costs nothing if none or all
/// did.
/// </summary>
internal readonly struct DataRanges
{
    /// <summary>All characters of a text of any length.</summary>
    public static readonly DataRanges All = new([(0, int.MaxValue)]);

    // In order, not adjacent, not empty; null if no character is data.
    private readonly (int Start, int End)[]? _ranges;

    private DataRanges((int Start, int End)[]? ranges) => _ranges = ranges;

    public bool IsEmpty => _ranges is null;

    public bool IsAll => ReferenceEquals(_ranges, All._ranges);

    /// <summary>Gets the ranges. Those of <see cref="All"/> extend past the end of the text.</summary>
    public ReadOnlySpan<(int Start, int End)> Ranges => _ranges;

    /// <summary>Creates the ranges of a text.</summary>
    /// <param name="ranges">The ranges: in order, not adjacent, not empty.</param>
    /// <param name="length">The length of the text.</param>
    public static DataRanges Of(List<(int Start, int End)>? ranges, int length) =>
        ranges is null or { Count: 0 } ? default
        : ranges is [(0, var end)] && end >= length ? All
        : new DataRanges(ranges.ToArray());

    /// <summary>Concatenates the ranges of two texts. It allocates one array at most, because templates join most texts this way.</summary>
    public static DataRanges Concat(DataRanges left, int leftLength, DataRanges right, int rightLength)
    {
        if (leftLength == 0 || rightLength == 0)
        {
            return rightLength > 0 ? right : leftLength > 0 ? left : default;
        }

        if ((right.IsEmpty && !left.IsAll) || (left.IsAll && right.IsAll))
        {
            return left;
        }

        ReadOnlySpan<(int Start, int End)> first = left.IsAll ? [(0, leftLength)] : left.Ranges;
        ReadOnlySpan<(int Start, int End)> second = right.IsAll ? [(0, rightLength)] : right.Ranges;
        bool isJoined = first.Length > 0 && second.Length > 0 && first[^1].End == leftLength && second[0].Start == 0;
        var ranges = new (int Start, int End)[first.Length + second.Length - (isJoined ? 1 : 0)];
        first.CopyTo(ranges);
        for (int i = 0; i < second.Length; i++)
        {
            int place = ranges.Length - second.Length + i;
            int start = isJoined && i == 0 ? first[^1].Start : second[i].Start + leftLength;
            ranges[place] = (start, second[i].End + leftLength);
        }

        return ranges is [(0, var end)] && end == leftLength + rightLength ? All : new DataRanges(ranges);
    }

    /// <summary>Appends a range to a list.</summary>
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

    /// <summary>Appends the data of a part of the text, shifted to the position where the part was written.</summary>
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

    /// <summary>Gets the data of a part of the text.</summary>
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

    /// <summary>Gets whether any character of a part is data.</summary>
    public bool Overlaps(int start, int length)
    {
        int first = IsEmpty ? 0 : FirstAfter(start);
        return first < Ranges.Length && Ranges[first].Start < start + length;
    }

    // Gets the index of the first range that ends after a position.
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

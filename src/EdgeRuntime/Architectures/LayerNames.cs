using System;
using System.Globalization;

namespace EdgeRuntime.Architectures;

/// <summary>Reads and replaces the index of a layer in a tensor's name, <c>blk.INDEX.REST</c>.</summary>
internal static class LayerNames
{
    private const string Start = "blk.";

    /// <summary>Gets the index of the tensor's layer; -1 for a tensor outside of all layers.</summary>
    public static int IndexOf(string name) => TrySplit(name, out int index, out _) ? index : -1;

    /// <summary>Gets the name of the same tensor in another layer.</summary>
    public static string WithIndex(string name, int index) =>
        TrySplit(name, out _, out string rest) ? string.Create(CultureInfo.InvariantCulture, $"{Start}{index}{rest}") : name;

    private static bool TrySplit(string name, out int index, out string rest)
    {
        index = 0;
        rest = "";
        int end = name.StartsWith(Start, StringComparison.Ordinal) ? name.IndexOf('.', Start.Length) : -1;
        if (end < 0
            || !int.TryParse(name.AsSpan(Start.Length, end - Start.Length), NumberStyles.None, CultureInfo.InvariantCulture, out index))
        {
            return false;
        }

        rest = name[end..];
        return true;
    }
}

using System;
using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Library;

/// <summary>
/// Python's <c>sorted</c>: stable, and based on <c>&lt;</c> alone. A merge sort tolerates any order, even contradictory ones.
/// </summary>
internal static class Sorting
{
    public static Value[] Sort(RenderContext context, Value[] items) => Sort(context, items, static item => item, reverse: false);

    public static Value[] Sort(RenderContext context, Value[] items, Func<Value, Value> keyOf, bool reverse)
    {
        Value[] keys = Array.ConvertAll(items, item => keyOf(item));
        var order = new int[items.Length];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        Merge(order, new int[order.Length], (a, b) => reverse ? Less(context, keys[a], keys[b]) : Less(context, keys[b], keys[a]));
        return Array.ConvertAll(order, index => items[index]);
    }

    private static bool Less(RenderContext context, Value left, Value right)
    {
        context.Step();
        return Comparisons.Less(context, left, right);
    }

    private static void Merge(Span<int> order, Span<int> spare, Func<int, int, bool> isOut)
    {
        if (order.Length < 2)
        {
            return;
        }

        int half = order.Length / 2;
        Merge(order[..half], spare[..half], isOut);
        Merge(order[half..], spare[half..], isOut);
        order.CopyTo(spare);
        for (int i = 0, a = 0, b = half; i < order.Length; i++)
        {
            order[i] = b >= order.Length || (a < half && !isOut(spare[a], spare[b])) ? spare[a++] : spare[b++];
        }
    }
}

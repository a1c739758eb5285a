using System;
using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Library;

/// <summary>The comparison operators of Python.</summary>
internal static class Comparisons
{
    public static Func<RenderContext, Value, Value, bool>? Find(string symbol) => symbol switch
    {
        "==" => Equal,
        "!=" => NotEqual,
        "<" => Less,
        "<=" => LessOrEqual,
        ">" => Greater,
        ">=" => GreaterOrEqual,
        _ => null,
    };

    public static bool Equal(RenderContext context, Value left, Value right)
    {
        context.ChargeCharacters(Math.Min(left.Weight, right.Weight));
        return left.Equals(right);
    }

    public static bool NotEqual(RenderContext context, Value left, Value right) => !Equal(context, left, right);

    public static bool Less(RenderContext context, Value left, Value right) => Order(context, "<", left, right) is < 0;

    public static bool LessOrEqual(RenderContext context, Value left, Value right) => Order(context, "<=", left, right) is <= 0;

    public static bool Greater(RenderContext context, Value left, Value right) => Order(context, ">", left, right) is > 0;

    public static bool GreaterOrEqual(RenderContext context, Value left, Value right) => Order(context, ">=", left, right) is >= 0;

    public static bool In(RenderContext context, Value item, Value container) =>
        container.Contains(context, item) ?? throw Errors.Type($"argument of type '{container.TypeName}' is not iterable");

    public static bool NotIn(RenderContext context, Value item, Value container) => !In(context, item, container);

    /// <summary>Orders two values; null if they are unordered (not a number).</summary>
    /// <param name="context">The rendering.</param>
    /// <param name="symbol">The operator, for the error if the types cannot be compared.</param>
    /// <param name="left">The left value.</param>
    /// <param name="right">The right value.</param>
    public static int? Order(RenderContext context, string symbol, Value left, Value right)
    {
        context.Defined(left);
        context.Defined(right);
        context.ChargeCharacters(Math.Min(left.Weight, right.Weight));
        if (Numbers.TryInteger(left, out Int128 a) && Numbers.TryInteger(right, out Int128 b))
        {
            return a.CompareTo(b);
        }

        if (Numbers.TryFloat(left, out double x) && Numbers.TryFloat(right, out double y))
        {
            return x < y ? -1 : x > y ? 1 : x == y ? 0 : null;
        }

        return (left, right) switch
        {
            (StringValue s, StringValue t) => OrderText(s.Text, t.Text),
            (ListValue or TupleValue, SequenceValue) when left.GetType() == right.GetType() =>
                OrderItems(context, symbol, ((SequenceValue)left).Items, ((SequenceValue)right).Items),
            _ => throw Errors.Type($"'{symbol}' not supported between instances of '{left.TypeName}' and '{right.TypeName}'"),
        };
    }

    /// <summary>Compares code points like Python: surrogate pairs are greater than all other characters.</summary>
    private static int OrderText(string left, string right)
    {
        int same = left.AsSpan().CommonPrefixLength(right);
        if (same == left.Length || same == right.Length)
        {
            return left.Length.CompareTo(right.Length);
        }

        bool isPair = char.IsSurrogate(left[same]);
        return isPair != char.IsSurrogate(right[same]) ? (isPair ? 1 : -1) : left[same].CompareTo(right[same]);
    }

    private static int? OrderItems(RenderContext context, string symbol, ReadOnlySpan<Value> left, ReadOnlySpan<Value> right)
    {
        for (int i = 0; i < left.Length && i < right.Length; i++)
        {
            if (!Equal(context, left[i], right[i]))
            {
                return Order(context, symbol, left[i], right[i]);
            }
        }

        return left.Length.CompareTo(right.Length);
    }
}

using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Library;

/// <summary>The tests of Jinja, which are the words after <c>is</c>. To add a test, add a line.</summary>
internal static class Tests
{
    public static readonly FunctionTable Table = new()
    {
        { "!=", "other", (context, v, a) => BoolValue.Of(Comparisons.NotEqual(context, v, a.At(0))) },
        { "<", "other", (context, v, a) => BoolValue.Of(Comparisons.Less(context, v, a.At(0))) },
        { "<=", "other", (context, v, a) => BoolValue.Of(Comparisons.LessOrEqual(context, v, a.At(0))) },
        { "==", "other", (context, v, a) => BoolValue.Of(Comparisons.Equal(context, v, a.At(0))) },
        { ">", "other", (context, v, a) => BoolValue.Of(Comparisons.Greater(context, v, a.At(0))) },
        { ">=", "other", (context, v, a) => BoolValue.Of(Comparisons.GreaterOrEqual(context, v, a.At(0))) },
        { "boolean", "", (_, v, _) => BoolValue.Of(v is BoolValue) },
        { "callable", "", (_, v, _) => BoolValue.Of(v.IsCallable) },
        { "defined", "", (_, v, _) => BoolValue.Of(v is not UndefinedValue) },
        { "divisibleby", "num", (context, v, a) => BoolValue.Of(Remainder(context, v, a.At(0)).Equals(IntValue.Zero)) },
        { "eq", "other", (context, v, a) => BoolValue.Of(Comparisons.Equal(context, v, a.At(0))) },
        { "equalto", "other", (context, v, a) => BoolValue.Of(Comparisons.Equal(context, v, a.At(0))) },
        { "escaped", "", (_, v, _) => BoolValue.Of(v is StringValue { IsMarkup: true }) },
        { "even", "", (context, v, _) => BoolValue.Of(Remainder(context, v, IntValue.Of(2)).Equals(IntValue.Zero)) },
        { "false", "", (_, v, _) => BoolValue.Of(v is BoolValue { IsTrue: false }) },
        { "filter", "", (context, v, _) => BoolValue.Of(Filters.Table.Find(context.Text(v)) is not null) },
        { "float", "", (_, v, _) => BoolValue.Of(v is FloatValue) },
        { "ge", "other", (context, v, a) => BoolValue.Of(Comparisons.GreaterOrEqual(context, v, a.At(0))) },
        { "greaterthan", "other", (context, v, a) => BoolValue.Of(Comparisons.Greater(context, v, a.At(0))) },
        { "gt", "other", (context, v, a) => BoolValue.Of(Comparisons.Greater(context, v, a.At(0))) },
        { "in", "seq", (context, v, a) => BoolValue.Of(Comparisons.In(context, v, a.At(0))) },
        { "integer", "", (_, v, _) => BoolValue.Of(v is IntValue) },
        { "iterable", "", (context, v, _) => BoolValue.Of(v.Iterate(context) is not null) },
        { "le", "other", (context, v, a) => BoolValue.Of(Comparisons.LessOrEqual(context, v, a.At(0))) },
        { "lessthan", "other", (context, v, a) => BoolValue.Of(Comparisons.Less(context, v, a.At(0))) },
        { "lower", "", (context, v, _) => BoolValue.Of(TextPredicates.IsCased(context.Text(v), upper: false)) },
        { "lt", "other", (context, v, a) => BoolValue.Of(Comparisons.Less(context, v, a.At(0))) },
        { "mapping", "", (_, v, _) => BoolValue.Of(v is DictValue) },
        { "ne", "other", (context, v, a) => BoolValue.Of(Comparisons.NotEqual(context, v, a.At(0))) },
        { "none", "", (_, v, _) => BoolValue.Of(v is NoneValue) },
        { "number", "", (_, v, _) => BoolValue.Of(v is IntValue or FloatValue or BoolValue) },
        { "odd", "", (context, v, _) => BoolValue.Of(Remainder(context, v, IntValue.Of(2)).Equals(IntValue.Of(1))) },
        { "sameas", "other", (context, v, a) => BoolValue.Of(IsSame(context, v, a.At(0))) },
        { "sequence", "", (_, v, _) => BoolValue.Of(v is StringValue or SequenceValue or DictValue or UndefinedValue) },
        { "string", "", (_, v, _) => BoolValue.Of(v is StringValue) },
        { "test", "", (context, v, _) => BoolValue.Of(Table!.Find(context.Text(v)) is not null) },
        { "true", "", (_, v, _) => BoolValue.Of(v is BoolValue { IsTrue: true }) },
        { "undefined", "", (_, v, _) => BoolValue.Of(v is UndefinedValue) },
        { "upper", "", (context, v, _) => BoolValue.Of(TextPredicates.IsCased(context.Text(v), upper: true)) },
    };

    public static bool Apply(RenderContext context, string name, Value value, Arguments arguments) =>
        (Table.Find(name) ?? throw Errors.Template($"No test named '{name}'.")).Invoke(name, context, value, arguments).IsTrue;

    private static Value Remainder(RenderContext context, Value value, Value divisor) =>
        Numbers.TryFloat(context.Defined(value), out _)
            ? Arithmetic.Modulo(context, value, divisor)
            : throw Errors.Type($"unsupported operand type(s) for %: '{value.TypeName}' and '{divisor.TypeName}'");

    /// <summary>
    /// Compares identity. In Python small integers and equal literals are the same object, so they are compared by value here.
    /// </summary>
    private static bool IsSame(RenderContext context, Value left, Value right) => ReferenceEquals(left, right)
        || (left.GetType() == right.GetType() && left is IntValue or StringValue && Comparisons.Equal(context, left, right));
}

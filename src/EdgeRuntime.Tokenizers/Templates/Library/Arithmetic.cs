using System;
using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Library;

/// <summary>Python's arithmetic operators.</summary>
internal static class Arithmetic
{
    public static Value Add(RenderContext context, Value left, Value right)
    {
        RequireDefined(context, left, right);
        switch (left, right)
        {
            case (StringValue a, StringValue b):
                return AddText(context, a, b);
            case (ListValue or TupleValue, SequenceValue) when left.GetType() == right.GetType():
                return AddItems(context, (SequenceValue)left, (SequenceValue)right);
            case (StringValue or ListValue or TupleValue, _):
                throw Errors.Type($"can only concatenate {left.TypeName} (not \"{right.TypeName}\") to {left.TypeName}");
            default:
                return Compute("+", left, right, static (a, b) => checked(a + b), static (a, b) => a + b);
        }
    }

    public static Value Subtract(RenderContext context, Value left, Value right)
    {
        RequireDefined(context, left, right);
        return Compute("-", left, right, static (a, b) => checked(a - b), static (a, b) => a - b);
    }

    public static Value Multiply(RenderContext context, Value left, Value right)
    {
        RequireDefined(context, left, right);
        if (left is StringValue or ListValue or TupleValue && Numbers.TryInteger(right, out Int128 count))
        {
            return Repeat(context, left, count);
        }

        return right is StringValue or ListValue or TupleValue && Numbers.TryInteger(left, out count)
            ? Repeat(context, right, count)
            : Compute("*", left, right, static (a, b) => checked(a * b), static (a, b) => a * b);
    }

    public static Value Divide(RenderContext context, Value left, Value right)
    {
        RequireDefined(context, left, right);
        (double a, double b) = Floats("/", left, right);
        return b == 0 ? throw Errors.Division("division by zero") : new FloatValue(a / b);
    }

    public static Value FloorDivide(RenderContext context, Value left, Value right)
    {
        RequireDefined(context, left, right);
        RefuseZero(left, right, "integer division or modulo by zero", "float floor division by zero");
        return Compute("//", left, right, FloorDivide, static (a, b) => Math.Floor(a / b));
    }

    public static Value Modulo(RenderContext context, Value left, Value right)
    {
        if (left is StringValue format)
        {
            return PercentFormat.Apply(context, format, right);
        }

        RequireDefined(context, left, right);
        RefuseZero(left, right, "integer modulo by zero", "float modulo");
        return Compute("%", left, right, static (a, b) => a - (FloorDivide(a, b) * b), static (a, b) => a - (Math.Floor(a / b) * b));
    }

    public static Value Power(RenderContext context, Value left, Value right)
    {
        RequireDefined(context, left, right);
        if (Numbers.TryInteger(left, out Int128 number) && Numbers.TryInteger(right, out Int128 exponent) && exponent >= 0)
        {
            return IntValue.Of(Checked(() => Power(number, exponent)));
        }

        (double a, double b) = Floats("** or pow()", left, right);
        return a == 0 && b < 0 ? throw Errors.Division("0.0 cannot be raised to a negative power") : new FloatValue(Math.Pow(a, b));
    }

    public static Value Negate(RenderContext context, Value value)
    {
        context.Defined(value);
        return value is FloatValue real ? new FloatValue(-real.Number) : Numbers.TryInteger(value, out Int128 number)
            ? IntValue.Of(Checked(() => checked(-number)))
            : throw Errors.Type($"bad operand type for unary -: '{value.TypeName}'");
    }

    public static Value Plus(RenderContext context, Value value)
    {
        context.Defined(value);
        return value is FloatValue ? value : Numbers.TryInteger(value, out Int128 number)
            ? IntValue.Of(number)
            : throw Errors.Type($"bad operand type for unary +: '{value.TypeName}'");
    }

    private static void RequireDefined(RenderContext context, Value left, Value right)
    {
        context.Defined(left);
        context.Defined(right);
    }

    private static StringValue AddText(RenderContext context, StringValue left, StringValue right)
    {
        // Markup escapes what is added before or after it.
        bool isMarkup = left.IsMarkup || right.IsMarkup;
        return isMarkup
            ? StringValue.Concat(context, TextFilters.Escaped(context, left), TextFilters.Escaped(context, right))
            : StringValue.Concat(context, left, right);
    }

    private static SequenceValue AddItems(RenderContext context, SequenceValue left, SequenceValue right)
    {
        context.ChargeElements(left.Items.Length + right.Items.Length);
        return left.With([.. left.Items, .. right.Items]);
    }

    private static Value Repeat(RenderContext context, Value value, Int128 count)
    {
        int times = (int)Int128.Clamp(count, 0, TemplateLimits.Weight + 1);
        if (value is StringValue text)
        {
            var sink = new TextSink(context);
            sink.AppendRepeated(text, times);
            return sink.ToValue(text.IsMarkup);
        }

        var sequence = (SequenceValue)value;
        long length = (long)sequence.Items.Length * times;
        ContainerSize.Check(Math.Max(length * 8, (long)sequence.Weight * times), 0);
        context.ChargeElements((int)length);
        var items = new Value[length];
        for (int i = 0; i < items.Length; i++)
        {
            items[i] = sequence.Items[i % sequence.Items.Length];
        }

        return sequence.With(items);
    }

    private static Value Compute(
        string symbol, Value left, Value right, Func<Int128, Int128, Int128> whole, Func<double, double, double> real)
    {
        if (Numbers.TryInteger(left, out Int128 a) && Numbers.TryInteger(right, out Int128 b))
        {
            return IntValue.Of(Checked(() => whole(a, b)));
        }

        (double x, double y) = Floats(symbol, left, right);
        return new FloatValue(real(x, y));
    }

    private static (double Left, double Right) Floats(string symbol, Value left, Value right) =>
        Numbers.TryFloat(left, out double a) && Numbers.TryFloat(right, out double b)
            ? (a, b)
            : throw Errors.Type($"unsupported operand type(s) for {symbol}: '{left.TypeName}' and '{right.TypeName}'");

    private static void RefuseZero(Value dividend, Value divisor, string whole, string real)
    {
        if (Numbers.TryFloat(divisor, out double number) && number == 0)
        {
            throw Errors.Division(dividend is FloatValue || divisor is FloatValue ? real : whole);
        }
    }

    private static Int128 FloorDivide(Int128 a, Int128 b)
    {
        Int128 quotient = a / b;
        return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
    }

    private static Int128 Power(Int128 number, Int128 exponent)
    {
        Int128 result = 1;
        while (exponent > 0)
        {
            result = exponent % 2 == 1 ? checked(result * number) : result;
            exponent /= 2;
            number = exponent > 0 ? checked(number * number) : number;
        }

        return result;
    }

    private static Int128 Checked(Func<Int128> compute)
    {
        try
        {
            return compute();
        }
        catch (OverflowException)
        {
            throw Errors.Overflow("a whole number of more than 128 bits");
        }
    }
}

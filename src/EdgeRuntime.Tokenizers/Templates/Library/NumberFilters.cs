using System;
using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Library;

/// <summary>The filters that return numbers.</summary>
internal static class NumberFilters
{
    // At this precision every double is unchanged by rounding.
    private const int MaxPrecision = 340;

    public static Value Abs(RenderContext context, Value value, Arguments arguments)
    {
        context.Defined(value);
        return value is FloatValue real ? new FloatValue(Math.Abs(real.Number)) : Numbers.TryInteger(value, out Int128 number)
            ? (number < 0 ? Arithmetic.Negate(context, value) : IntValue.Of(number))
            : throw Errors.Type($"bad operand type for abs(): '{value.TypeName}'");
    }

    public static Value Float(RenderContext context, Value value, Arguments arguments)
    {
        context.Defined(value);
        return Numbers.TryFloat(value, out double number)
            || (value is StringValue text && NumberText.TryParseFloat(context.Read(text), out number))
            ? new FloatValue(number)
            : arguments[0] ?? new FloatValue(0);
    }

    public static Value Int(RenderContext context, Value value, Arguments arguments)
    {
        context.Defined(value);
        Value missing = arguments[0] ?? IntValue.Zero;
        if (Numbers.TryInteger(value, out Int128 whole)
            || (value is StringValue text && NumberText.TryParseInteger(context.Read(text), Numbers.ToInt32(arguments[1], 10), out whole)))
        {
            return IntValue.Of(whole);
        }

        if (value is not FloatValue { Number: var number }
            && !(value is StringValue digits && NumberText.TryParseFloat(context.Read(digits), out number)))
        {
            return missing;
        }

        return Math.Abs(number) < 1e38 ? IntValue.Of((Int128)number)
            : double.IsFinite(number) ? throw Errors.Overflow("a whole number of more than 128 bits")
            : missing;
    }

    public static Value Round(RenderContext context, Value value, Arguments arguments)
    {
        context.Defined(value);
        int precision = Math.Clamp(Numbers.ToInt32(arguments[0], 0), -MaxPrecision, MaxPrecision);
        string method = arguments[1] is null ? "common" : context.Text(arguments[1]!);
        if (method is not ("common" or "ceil" or "floor"))
        {
            throw Errors.Template("method must be common, ceil or floor");
        }

        if (!Numbers.TryFloat(value, out double number))
        {
            throw Errors.Type($"type {value.TypeName} doesn't define __round__ method");
        }

        context.ChargeCharacters(NumberText.Cost(number, Math.Abs(precision)));
        if (method == "common")
        {
            return value is FloatValue ? new FloatValue(RoundHalfEven(number, precision)) : RoundWhole(value, precision);
        }

        double scale = Math.Pow(10, precision);
        return new FloatValue((method == "ceil" ? Math.Ceiling(number * scale) : Math.Floor(number * scale)) / scale);
    }

    private static double RoundHalfEven(double number, int precision)
    {
        if (!double.IsFinite(number))
        {
            return number;
        }

        if (precision < 0)
        {
            double scale = Math.Pow(10, -precision);
            return Math.Round(number / scale, MidpointRounding.ToEven) * scale;
        }

        return double.Parse(NumberText.Fixed(number, precision), System.Globalization.CultureInfo.InvariantCulture);
    }

    private static IntValue RoundWhole(Value value, int precision)
    {
        Numbers.TryInteger(value, out Int128 number);
        if (precision >= 0 || precision < -37)
        {
            return IntValue.Of(precision >= 0 ? number : 0);
        }

        Int128 scale = 1;
        for (int i = precision; i < 0; i++)
        {
            scale *= 10;
        }

        Int128 rest = Int128.Abs(number % scale);
        Int128 down = number - (number % scale);
        bool away = rest > scale - rest || (rest == scale - rest && Int128.Abs(down / scale) % 2 == 1);
        return IntValue.Of(away ? down + (number < 0 ? -scale : scale) : down);
    }
}

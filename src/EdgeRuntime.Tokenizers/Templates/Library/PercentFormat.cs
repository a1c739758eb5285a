using System;
using System.Globalization;
using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Library;

/// <summary>Python's <c>"..." % values</c>.</summary>
internal static class PercentFormat
{
    public static Value Apply(RenderContext context, StringValue format, Value values)
    {
        var sink = new TextSink(context);
        Value[] items = values is TupleValue tuple ? context.ToArray(tuple) : [values];
        int used = 0;
        string text = context.Read(format);
        for (int i = 0; i < text.Length;)
        {
            int percent = text.IndexOf('%', i);
            sink.Append(format, i, (percent < 0 ? text.Length : percent) - i);
            if (percent < 0)
            {
                break;
            }

            i = percent + 1;
            Value? named = ReadKey(context, text, ref i, values);
            Value Take() => named ?? (used < items.Length ? items[used++] : throw Errors.Type("not enough arguments for format string"));
            FormatSpec spec = ReadSpec(text, ref i, Take);
            if (spec.Type == '%')
            {
                sink.Append("%");
            }
            else
            {
                sink.Append(Convert(context, spec, Take()));
            }

        }

        // Python rejects unused values only if they cannot be a mapping.
        bool mayBeUnused = values is DictValue or ListValue or RangeValue or UndefinedValue;
        return used == items.Length || mayBeUnused
            ? sink.ToValue(format.IsMarkup)
            : throw Errors.Type("not all arguments converted during string formatting");
    }

    private static Value? ReadKey(RenderContext context, string text, ref int index, Value values)
    {
        if (index >= text.Length || text[index] != '(')
        {
            return null;
        }

        int close = text.IndexOf(')', index);
        if (close < 0)
        {
            throw Errors.Value("incomplete format key");
        }

        string key = text[(index + 1)..close];
        index = close + 1;
        return values is DictValue dict
            ? dict.FindItem(context, new StringValue(key)) ?? throw Errors.Key($"'{key}'")
            : throw Errors.Type("format requires a mapping");
    }

    private static FormatSpec ReadSpec(string text, ref int index, Func<Value> take)
    {
        var spec = new FormatSpec { Align = '>' };
        for (; index < text.Length && text[index] is '-' or '+' or ' ' or '#' or '0'; index++)
        {
            spec.Align = text[index] == '-' ? '<' : spec.Align;
            spec.Sign = text[index] is '+' || (text[index] == ' ' && spec.Sign == '-') ? text[index] : spec.Sign;
            spec.Alternate |= text[index] == '#';
            spec.ZeroPadded |= text[index] == '0';
        }

        spec.Width = ReadCount(text, ref index, take, 0);
        if (spec.Width < 0)
        {
            (spec.Align, spec.Width) = ('<', -spec.Width);
        }

        if (index < text.Length && text[index] == '.')
        {
            index++;
            spec.Precision = Math.Max(0, ReadCount(text, ref index, take, 0));
        }

        while (index < text.Length && text[index] is 'h' or 'l' or 'L')
        {
            index++;
        }

        spec.Type = index < text.Length ? text[index++] : throw Errors.Value("incomplete format");
        return spec;
    }

    private static int ReadCount(string text, ref int index, Func<Value> take, int missing)
    {
        if (index < text.Length && text[index] == '*')
        {
            index++;
            return Math.Max(-int.MaxValue, Numbers.ToInt32(take()));
        }

        return FormatSpec.ReadNumber(text, ref index, missing);
    }

    private static StringValue Convert(RenderContext context, FormatSpec spec, Value value)
    {
        switch (spec.Type)
        {
            case 's' or 'r' or 'a':
                StringValue text = spec.Type == 's' ? context.ToText(value) : context.Repr(value);
                spec.ZeroPadded = false;
                return spec.Pad(context, spec.Cut(context, text), "", '>');
            case 'c' when value is StringValue { Length: 1 } character:
                return spec.Pad(context, character, "", '>');
            case 'd' or 'i' or 'u' or 'o' or 'x' or 'X' or 'c':
                PadWithZeros(ref spec);
                return spec.FormatInteger(context, Whole(spec.Type, value));
            case 'e' or 'E' or 'f' or 'F' or 'g' or 'G':
                PadWithZeros(ref spec);
                return Numbers.TryFloat(value, out double number)
                    ? spec.FormatFloat(context, number)
                    : throw Errors.Type($"must be real number, not {value.TypeName}");
            default:
                string code = ((int)spec.Type).ToString("x", CultureInfo.InvariantCulture);
                throw Errors.Value($"unsupported format character '{spec.Type}' (0x{code})");
        }
    }

    /// <summary>Adds zeros between the sign and the digits, unless the text is left-aligned.</summary>
    private static void PadWithZeros(ref FormatSpec spec)
    {
        if (spec.ZeroPadded && spec.Align != '<')
        {
            spec.Align = '=';
            spec.Fill = FormatSpec.Zero;
        }
    }

    private static Int128 Whole(char type, Value value)
    {
        if (Numbers.TryInteger(value, out Int128 whole))
        {
            return whole;
        }

        bool isDecimal = type is 'd' or 'i' or 'u';
        return isDecimal && value is FloatValue { Number: > -1e38 and < 1e38 } real
            ? (Int128)real.Number
            : throw Errors.Type($"%{type} format: {(isDecimal ? "a real number" : "an integer")} is required, not {value.TypeName}");
    }
}

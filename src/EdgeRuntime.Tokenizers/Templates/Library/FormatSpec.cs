using System;
using System.Globalization;
using System.Text;
using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Library;

/// <summary>Python's format specification: <c>[[fill]align][sign][#][0][width][grouping][.precision][type]</c>.</summary>
internal struct FormatSpec
{
    private const int MaxPrecision = 500;

    public static readonly StringValue Space = new(" ");

    public static readonly StringValue Zero = new("0");

    public StringValue Fill { get; set; } = Space;

    public char Align { get; set; }

    public char Sign { get; set; } = '-';

    public bool Alternate { get; set; }

    public bool ZeroPadded { get; set; }

    public int Width { get; set; }

    public char Grouping { get; set; }

    public int Precision { get; set; } = -1;

    public char Type { get; set; }

    public FormatSpec()
    {
    }

    public static FormatSpec Parse(RenderContext context, StringValue value)
    {
        var spec = new FormatSpec();
        string text = context.Read(value);
        int i = 0;
        int fill = text.Length > 0 ? CodePoints.LengthAt(text, 0) : 0;
        if (fill < text.Length && text[fill] is '<' or '>' or '^' or '=')
        {
            spec.Fill = value.Slice(0, fill);
            spec.Align = text[fill];
            i = fill + 1;
        }
        else if (text.Length > 0 && text[0] is '<' or '>' or '^' or '=')
        {
            spec.Align = text[i++];
        }

        spec.Sign = i < text.Length && text[i] is '+' or '-' or ' ' ? text[i++] : '-';
        spec.Alternate = Skip(text, ref i, '#');
        spec.ZeroPadded = Skip(text, ref i, '0');
        spec.Width = ReadNumber(text, ref i, 0);
        spec.Grouping = i < text.Length && text[i] is ',' or '_' ? text[i++] : '\0';
        if (Skip(text, ref i, '.'))
        {
            spec.Precision = ReadNumber(text, ref i, -1);
            _ = spec.Precision >= 0 ? 0 : throw Errors.Value("Format specifier missing precision");
        }

        spec.Type = i < text.Length ? text[i++] : '\0';
        return i == text.Length ? spec : throw Errors.Value("Invalid format specifier");
    }

    /// <summary>Reads a decimal number, capped at a value that exceeds every limit.</summary>
    public static int ReadNumber(string text, ref int index, int missing)
    {
        long number = 0;
        int start = index;
        for (; index < text.Length && char.IsAsciiDigit(text[index]); index++)
        {
            number = Math.Min((number * 10) + (text[index] - '0'), int.MaxValue);
        }

        return index == start ? missing : (int)number;
    }

    /// <summary>Formats a value like <c>format(value, spec)</c>.</summary>
    public readonly StringValue Apply(RenderContext context, Value value)
    {
        if (Numbers.TryInteger(value, out Int128 whole))
        {
            return Type is 'e' or 'E' or 'f' or 'F' or 'g' or 'G' or '%'
                ? FormatFloat(context, (double)whole)
                : FormatInteger(context, whole);
        }

        if (value is FloatValue real)
        {
            return FormatFloat(context, real.Number);
        }

        if (value is not StringValue)
        {
            throw Errors.Type($"unsupported format string passed to {value.TypeName}.__format__");
        }

        if (Type is not ('\0' or 's'))
        {
            throw Errors.Value($"Unknown format code '{Type}' for object of type '{value.TypeName}'");
        }

        return Pad(context, Cut(context, (StringValue)value), "", '<');
    }

    /// <summary>Cuts a string to the precision, in code points.</summary>
    public readonly StringValue Cut(RenderContext context, StringValue text) =>
        Precision >= 0 ? text.Slice(0, text.UnitAt(context, Precision)) : text;

    /// <summary>Formats an integer with the sign, prefix and padding of the specification.</summary>
    public readonly StringValue FormatInteger(RenderContext context, Int128 value)
    {
        context.ChargeCharacters(NumberText.Cost(0, Math.Clamp(Precision, 0, MaxPrecision)));
        if (Type == 'c')
        {
            return Rune.IsValid((int)Int128.Clamp(value, -1, 0x110000))
                ? Pad(context, new StringValue(new Rune((int)value).ToString()), "", '<')
                : throw Errors.Overflow("%c arg not in range(0x110000)");
        }

        int radix = Type switch
        {
            'b' => 2,
            'o' => 8,
            'x' or 'X' => 16,
            '\0' or 'd' or 'n' or 'i' or 'u' => 10,
            _ => throw Errors.Value($"Unknown format code '{Type}' for object of type 'int'"),
        };
        string digits = Digits(value, radix);
        string prefix = Alternate && radix != 10 ? "0" + char.ToLowerInvariant(Type) : "";
        digits = Group(digits.PadLeft(Math.Clamp(Precision, 0, MaxPrecision), '0'), radix == 10 ? 3 : 4);
        digits = Type == 'X' ? digits.ToUpperInvariant() : digits;
        return Pad(context, new StringValue(digits), SignOf(value < 0) + (Type == 'X' ? prefix.ToUpperInvariant() : prefix), '>');
    }

    /// <summary>Formats a float with the sign and padding of the specification.</summary>
    public readonly StringValue FormatFloat(RenderContext context, double value)
    {
        int precision = Math.Min(Precision < 0 ? 6 : Precision, MaxPrecision);
        context.ChargeCharacters(NumberText.Cost(value, precision));
        double magnitude = Math.Abs(value);
        string text = Type switch
        {
            _ when !double.IsFinite(value) => NumberText.NonFinite(magnitude),
            '\0' when Precision < 0 => NumberText.Repr(magnitude),
            'f' or 'F' => NumberText.Fixed(magnitude, precision),
            'e' or 'E' => NumberText.Exponential(magnitude, precision, 'e'),
            '%' => NumberText.Fixed(magnitude * 100, precision) + "%",
            'g' or 'G' or 'n' or '\0' => General(magnitude, Math.Max(precision, 1)),
            _ => throw Errors.Value($"Unknown format code '{Type}' for object of type 'float'"),
        };
        int whole = 0;
        while (whole < text.Length && char.IsAsciiDigit(text[whole]))
        {
            whole++;
        }

        text = Group(text[..whole], 3) + text[whole..];
        bool negative = value < 0 || (value == 0 && double.IsNegative(value));
        return Pad(context, new StringValue(Type is 'E' or 'F' or 'G' ? text.ToUpperInvariant() : text), SignOf(negative), '>');
    }

    /// <summary>Pads a text to the width.</summary>
    public readonly StringValue Pad(RenderContext context, StringValue text, string sign, char defaultAlign)
    {
        int missing = Math.Max(0, Width - text.Length!.Value - sign.Length);
        if (missing == 0 && sign.Length == 0)
        {
            return text;
        }

        char align = Align != '\0' ? Align : ZeroPadded && defaultAlign == '>' ? '=' : defaultAlign;
        StringValue fill = ZeroPadded && Align == '\0' ? Zero : Fill;
        int left = align switch
        {
            '<' => 0,
            '^' => missing / 2,
            _ => missing,
        };
        var sink = new TextSink(context);
        sink.Append(align == '=' ? sign : "");
        sink.AppendRepeated(fill, left);
        sink.Append(align == '=' ? "" : sign);
        sink.Append(text);
        sink.AppendRepeated(fill, missing - left);
        return sink.ToValue(text.IsMarkup);
    }

    private static bool Skip(string text, ref int index, char c)
    {
        bool found = index < text.Length && text[index] == c;
        index += found ? 1 : 0;
        return found;
    }

    private static string Digits(Int128 value, int radix)
    {
        if (radix == 10)
        {
            return value.ToString(CultureInfo.InvariantCulture).TrimStart('-');
        }

        UInt128 rest = value < 0 ? (UInt128)(-(value + 1)) + 1 : (UInt128)value;
        var digits = new StringBuilder();
        do
        {
            digits.Insert(0, "0123456789abcdef"[(int)(rest % (uint)radix)]);
            rest /= (uint)radix;
        }
        while (rest != 0);
        return digits.ToString();
    }

    private readonly string SignOf(bool negative) => negative ? "-" : Sign == '-' ? "" : Sign.ToString();

    private readonly string Group(string digits, int size)
    {
        if (Grouping == '\0')
        {
            return digits;
        }

        var grouped = new StringBuilder(digits);
        for (int i = digits.Length - size; i > 0; i -= size)
        {
            grouped.Insert(i, Grouping);
        }

        return grouped.ToString();
    }

    private readonly string General(double value, int precision)
    {
        string exponential = NumberText.Exponential(value, precision - 1, 'e');
        int e = exponential.IndexOf('e', StringComparison.Ordinal);
        int exponent = int.Parse(exponential.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        bool isFixed = exponent >= -4 && exponent < precision;
        string text = isFixed ? NumberText.Fixed(value, precision - 1 - exponent) : exponential[..e];
        text = text.Contains('.') && !Alternate ? text.TrimEnd('0').TrimEnd('.') : text;
        return isFixed ? (Type == '\0' && !text.Contains('.') ? text + ".0" : text) : text + exponential[e..];
    }
}

using System;
using System.Globalization;

namespace EdgeRuntime.Templates.Values;

/// <summary>Formats and parses numbers like Python.</summary>
internal static class NumberText
{
    // Room for every digit that can affect the rounding of a double.
    private const int GuardDigits = 60;

    // The cost of computing an exact digit (long division), in characters read.
    private const int DigitCost = 4;

    /// <summary>Gets the cost of <see cref="Fixed"/> and similar methods, in characters read.</summary>
    public static int Cost(double value, int decimals)
    {
        int exponent = double.IsFinite(value) && value != 0 ? (int)Math.Abs(Math.Log10(Math.Abs(value))) : 0;
        return DigitCost * (GuardDigits + exponent + decimals);
    }

    /// <summary>Python's <c>repr()</c> of a float: the shortest digits that parse to the same number.</summary>
    public static string Repr(double value)
    {
        if (!double.IsFinite(value))
        {
            return NonFinite(value);
        }

        (string digits, int exponent) = Digits(value);
        string sign = double.IsNegative(value) ? "-" : "";
        if (exponent is < -4 or >= 16)
        {
            string mantissa = digits.Length == 1 ? digits : digits[..1] + "." + digits[1..];
            return $"{sign}{mantissa}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent).ToString("00", CultureInfo.InvariantCulture)}";
        }

        return exponent < 0
            ? $"{sign}0.{new string('0', -exponent - 1)}{digits}"
            : digits.Length <= exponent + 1
                ? $"{sign}{digits.PadRight(exponent + 1, '0')}.0"
                : $"{sign}{digits[..(exponent + 1)]}.{digits[(exponent + 1)..]}";
    }

    public static string NonFinite(double value) => double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";

    /// <summary>Formats a finite number with a fixed number of decimals, rounded half to even on its exact value.</summary>
    public static string Fixed(double value, int decimals)
    {
        string format = "F" + (decimals + GuardDigits).ToString(CultureInfo.InvariantCulture);
        string exact = Math.Abs(value).ToString(format, CultureInfo.InvariantCulture);
        int cut = exact.Length - GuardDigits;
        bool up = RoundsUp(exact, cut);
        char[] kept = exact[..cut].ToCharArray();
        string digits = up ? Increment(kept) : new string(kept);
        digits = decimals == 0 ? digits.TrimEnd('.') : digits;
        return (double.IsNegative(value) ? "-" : "") + digits;
    }

    /// <summary>Formats a finite number as one digit, a fixed number of decimals, and an exponent.</summary>
    public static string Exponential(double value, int decimals, char symbol)
    {
        string text = value.ToString("E" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        int e = text.IndexOf('E', StringComparison.Ordinal);
        int exponent = int.Parse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        return $"{text[..e]}{symbol}{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent).ToString("00", CultureInfo.InvariantCulture)}";
    }

    /// <summary>Python's <c>int(text, base)</c>.</summary>
    public static bool TryParseInteger(string text, int radix, out Int128 value)
    {
        ReadOnlySpan<char> digits = text.AsSpan().Trim();
        bool negative = digits.StartsWith("-");
        digits = digits.StartsWith("-") || digits.StartsWith("+") ? digits[1..] : digits;
        if (digits.Length > 2 && digits[0] == '0' && (radix == 0 || PrefixRadix(digits[1]) == radix) && PrefixRadix(digits[1]) > 0)
        {
            radix = PrefixRadix(digits[1]);
            digits = digits[2..];
        }

        bool valid = TryParseDigits(digits, radix == 0 ? 10 : radix, out value, out int length) && length == digits.Length;
        value = negative ? -value : value;
        return valid;
    }

    /// <summary>Parses <c>0x1f</c>, <c>0o17</c> or <c>0b11</c> at the start of a text.</summary>
    public static bool TryParsePrefixed(ReadOnlySpan<char> text, out Int128 value, out int length)
    {
        bool valid = TryParseDigits(text[2..], PrefixRadix(text[1]), out value, out length);
        length += 2;
        return valid;
    }

    /// <summary>Python's <c>float(text)</c>.</summary>
    public static bool TryParseFloat(string text, out double value)
    {
        string digits = text.Trim();
        string name = digits.TrimStart('+', '-').ToLowerInvariant();
        if (name is "inf" or "infinity" or "nan" && digits.Length - name.Length <= 1)
        {
            value = name == "nan" ? double.NaN : digits[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
            return true;
        }

        value = 0;
        return !digits.StartsWith('_') && !digits.EndsWith('_') && !digits.Contains("__", StringComparison.Ordinal)
            && (name.Length > 0 && (char.IsAsciiDigit(name[0]) || name[0] == '.'))
            && double.TryParse(
                digits.Replace("_", "", StringComparison.Ordinal),
                NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
                CultureInfo.InvariantCulture,
                out value);
    }

    private static bool TryParseDigits(ReadOnlySpan<char> text, int radix, out Int128 value, out int length)
    {
        value = 0;
        bool any = false;
        Int128 most = Int128.MaxValue / radix;
        for (length = 0; length < text.Length; length++)
        {
            if (text[length] == '_' && length + 1 < text.Length && text[length + 1] != '_')
            {
                continue;
            }

            int digit = char.IsAsciiDigit(text[length]) ? text[length] - '0'
                : char.IsAsciiLetter(text[length]) ? char.ToLowerInvariant(text[length]) - 'a' + 10 : int.MaxValue;
            if (digit >= radix)
            {
                break;
            }

            if (value > most || (value == most && digit > Int128.MaxValue % radix))
            {
                throw Errors.Overflow("a whole number of more than 128 bits");
            }

            value = (value * radix) + digit;
            any = true;
        }

        return any;
    }

    private static int PrefixRadix(char c) => char.ToLowerInvariant(c) switch
    {
        'x' => 16,
        'o' => 8,
        'b' => 2,
        _ => -1,
    };

    /// <summary>Gets the shortest digits that parse to the number, and the power of ten of the first digit.</summary>
    private static (string Digits, int Exponent) Digits(double value)
    {
        // .NET's "R" has the shortest digits too, but not Python's layout.
        string text = Math.Abs(value).ToString("R", CultureInfo.InvariantCulture);
        int e = text.IndexOf('E', StringComparison.Ordinal);
        string mantissa = e < 0 ? text : text[..e];
        int exponent = e < 0 ? 0 : int.Parse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        int point = mantissa.IndexOf('.', StringComparison.Ordinal);
        int whole = point < 0 ? mantissa.Length : point;
        string digits = mantissa.Replace(".", "", StringComparison.Ordinal);
        int zeros = digits.Length - digits.TrimStart('0').Length;
        digits = digits.Trim('0');
        return digits.Length == 0 ? ("0", 0) : (digits, exponent + whole - 1 - zeros);
    }

    private static bool RoundsUp(string exact, int cut)
    {
        if (exact[cut] != '5' || exact.AsSpan(cut + 1).ContainsAnyExcept('0'))
        {
            return exact[cut] >= '5';
        }

        char last = exact[cut - 1] == '.' ? exact[cut - 2] : exact[cut - 1];
        return (last - '0') % 2 == 1;
    }

    private static string Increment(char[] digits)
    {
        for (int i = digits.Length - 1; i >= 0; i--)
        {
            if (digits[i] == '9')
            {
                digits[i] = '0';
            }
            else if (digits[i] != '.')
            {
                digits[i]++;
                return new string(digits);
            }
        }

        return "1" + new string(digits);
    }
}

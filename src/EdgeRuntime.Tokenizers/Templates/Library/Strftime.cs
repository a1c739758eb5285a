using System;
using System.Globalization;
using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Library;

/// <summary>C's <c>strftime</c> in the C locale, like Python's <c>datetime.now().strftime</c>.</summary>
internal static class Strftime
{
    public static StringValue Format(RenderContext context, StringValue value)
    {
        string format = context.Read(value);
        var sink = new TextSink(context);
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                sink.Append(value, i, 1);
                continue;
            }

            // "%-d" is glibc's syntax for a number without a leading zero.
            bool bare = format[i + 1] == '-' && i + 2 < format.Length;
            i += bare ? 2 : 1;
            context.Step();
            string text = Directive(context.Now, format[i]);
            string trimmed = text.TrimStart('0', ' ');
            sink.Append(!bare ? text : trimmed.Length == 0 ? "0" : trimmed);
        }

        return sink.ToValue();
    }

    private static string Directive(DateTimeOffset now, char directive) => directive switch
    {
        'a' => Text(now, "ddd"),
        'A' => Text(now, "dddd"),
        'b' or 'h' => Text(now, "MMM"),
        'B' => Text(now, "MMMM"),
        'c' => $"{Text(now, "ddd MMM")} {now.Day,2} {Text(now, "HH:mm:ss yyyy")}",
        'C' => Text(now, "yyyy")[..2],
        'd' => Text(now, "dd"),
        'D' or 'x' => Text(now, "MM/dd/yy"),
        'e' => $"{now.Day,2}",
        'f' => Text(now, "ffffff"),
        'F' => Text(now, "yyyy-MM-dd"),
        'g' => (ISOWeek.GetYear(now.DateTime) % 100).ToString("00", CultureInfo.InvariantCulture),
        'G' => ISOWeek.GetYear(now.DateTime).ToString(CultureInfo.InvariantCulture),
        'H' => Text(now, "HH"),
        'I' => Text(now, "hh"),
        'j' => now.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
        'k' => $"{now.Hour,2}",
        'l' => $"{((now.Hour + 11) % 12) + 1,2}",
        'm' => Text(now, "MM"),
        'M' => Text(now, "mm"),
        'n' => "\n",
        'p' => Text(now, "tt"),
        'P' => now.Hour < 12 ? "am" : "pm",
        'r' => Text(now, "hh:mm:ss tt"),
        'R' => Text(now, "HH:mm"),
        's' => now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        'S' => Text(now, "ss"),
        't' => "\t",
        'T' or 'X' => Text(now, "HH:mm:ss"),
        'u' => (now.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)now.DayOfWeek).ToString(CultureInfo.InvariantCulture),
        'U' => Week(now, (int)now.DayOfWeek),
        'V' => ISOWeek.GetWeekOfYear(now.DateTime).ToString("00", CultureInfo.InvariantCulture),
        'w' => ((int)now.DayOfWeek).ToString(CultureInfo.InvariantCulture),
        'W' => Week(now, ((int)now.DayOfWeek + 6) % 7),
        'y' => Text(now, "yy"),
        'Y' => now.Year.ToString(CultureInfo.InvariantCulture),

        // Python's local time has no time zone.
        'z' or 'Z' => "",
        '%' => "%",
        _ => "%" + directive,
    };

    private static string Text(DateTimeOffset now, string format) => now.ToString(format, CultureInfo.InvariantCulture);

    private static string Week(DateTimeOffset now, int dayOfWeek) =>
        ((now.DayOfYear + 6 - dayOfWeek) / 7).ToString("00", CultureInfo.InvariantCulture);
}

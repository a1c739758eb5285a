using System.Globalization;
using System.Text;

namespace EdgeRuntime.Templates.Values;

/// <summary>Python's <c>repr()</c> of a string.</summary>
internal static class StringRepr
{
    public static void Write(TextSink sink, StringValue value)
    {
        string text = value.Text;
        sink.Context.ChargeCharacters(text.Length);
        char quote = text.Contains('\'') && !text.Contains('"') ? '"' : '\'';
        sink.Append([quote]);
        int plain = 0;
        for (int i = 0; i < text.Length; i++)
        {
            int length = CodePoints.LengthAt(text, i);
            if (Escape(text, i, quote) is { } escape)
            {
                sink.Append(value, plain, i - plain);
                sink.AppendReplacement(value, i, length, escape);
                plain = i + length;
            }

            i += length - 1;
        }

        sink.Append(value, plain, text.Length - plain);
        sink.Append([quote]);
    }

    private static string? Escape(string text, int index, char quote)
    {
        char c = text[index];
        if (c is >= ' ' and < '\x7f')
        {
            return c == '\\' || c == quote ? "\\" + c : null;
        }

        if (c is '\n' or '\r' or '\t')
        {
            return c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
        }

        if (IsPrintable(text, index))
        {
            return null;
        }

        int code = CodePoints.ValueAt(text, index);
        return code switch
        {
            < 0x100 => "\\x" + code.ToString("x2", CultureInfo.InvariantCulture),
            < 0x10000 => "\\u" + code.ToString("x4", CultureInfo.InvariantCulture),
            _ => "\\U" + code.ToString("x8", CultureInfo.InvariantCulture),
        };
    }

    private static bool IsPrintable(string text, int index) =>
        Rune.TryGetRuneAt(text, index, out Rune rune) && Rune.GetUnicodeCategory(rune) is not (
            UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
            or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
            or UnicodeCategory.SpaceSeparator);
}

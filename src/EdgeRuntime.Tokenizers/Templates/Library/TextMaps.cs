using System;
using System.Text;
using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Library;

/// <summary>A function from text to text.</summary>
/// <param name="Change">Computes the new text.</param>
/// <param name="IsLocal">Whether each character is mapped independently of the others.</param>
internal sealed record TextMap(Func<string, string> Change, bool IsLocal);

/// <summary>The case conversions.</summary>
internal static class TextMaps
{
    public static readonly TextMap Lower = new(static text => text.ToLowerInvariant(), IsLocal: true);

    public static readonly TextMap Upper = new(UpperOf, IsLocal: true);

    public static readonly TextMap SwapCase = new(SwapCaseOf, IsLocal: true);

    public static readonly TextMap Capitalize = new(CapitalizeOf, IsLocal: false);

    /// <summary>Python's <c>title</c>: every character that is not a letter ends a word.</summary>
    public static readonly TextMap PythonTitle = new(static text => Title(text, static c => !char.IsLetter(c)), IsLocal: false);

    /// <summary>Jinja's <c>title</c>: words start only after white space, hyphens and opening brackets.</summary>
    public static readonly TextMap JinjaTitle = new(
        static text => Title(text, static c => c is '-' or '(' or '{' or '[' or '<' || CodePoints.IsSpace(c)), IsLocal: false);

    /// <summary>Maps the text of a string. Markup stays markup.</summary>
    public static StringValue Apply(RenderContext context, StringValue value, TextMap map)
    {
        string text = context.Read(value);
        bool isMixed = !value.Data.IsEmpty && !value.Data.IsAll;
        if (!isMixed || !map.IsLocal)
        {
            string changed = map.Change(text);
            context.CheckLength(changed.Length);
            return isMixed ? value.WithCharacters(changed) : value.With(changed);
        }

        var sink = new TextSink(context);
        int start = 0;
        foreach ((int Start, int End) range in value.Data.Ranges)
        {
            sink.Append(map.Change(text[start..range.Start]));
            start = Math.Min(range.End, text.Length);
            sink.AppendReplacement(value, range.Start, start - range.Start, map.Change(text[range.Start..start]));
        }

        sink.Append(map.Change(text[start..]));
        return sink.ToValue(value.IsMarkup);
    }

    // In Python the upper case of one letter may be two letters. The sharp s is the only such letter in common text.
    private static string UpperOf(string text) => text.ToUpperInvariant().Replace("ß", "SS", StringComparison.Ordinal);

    private static string SwapCaseOf(string text) => string.Create(text.Length, text, static (span, source) =>
    {
        for (int i = 0; i < span.Length; i++)
        {
            span[i] = char.IsUpper(source[i]) ? char.ToLowerInvariant(source[i]) : char.ToUpperInvariant(source[i]);
        }
    });

    private static string CapitalizeOf(string text)
    {
        int first = text.Length == 0 ? 0 : CodePoints.LengthAt(text, 0);
        return UpperOf(text[..first]) + text[first..].ToLowerInvariant();
    }

    private static string Title(string text, Func<char, bool> startsWordAfter)
    {
        var title = new StringBuilder(text.Length);
        bool starts = true;
        foreach (char c in text)
        {
            title.Append(starts ? char.ToUpperInvariant(c) : char.ToLowerInvariant(c));
            starts = startsWordAfter(c);
        }

        return title.ToString();
    }
}

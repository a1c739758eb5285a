using System;
using System.Text;
using EdgeRuntime.Tokenizers.Templates.Runtime;
using EdgeRuntime.Tokenizers.Templates.Values;

namespace EdgeRuntime.Tokenizers.Templates.Library;

/// <summary>Changes of case.</summary>
internal static class TextMaps
{
    public static readonly Func<string, string> Lower = static text => text.ToLowerInvariant();

    /// <summary>In Python one letter may become two; of these, text that people write has the sharp s.</summary>
    public static readonly Func<string, string> Upper = static text =>
        text.ToUpperInvariant().Replace("ß", "SS", StringComparison.Ordinal);

    public static readonly Func<string, string> SwapCase = static text => string.Create(text.Length, text, static (span, source) =>
    {
        for (int i = 0; i < span.Length; i++)
        {
            span[i] = char.IsUpper(source[i]) ? char.ToLowerInvariant(source[i]) : char.ToUpperInvariant(source[i]);
        }
    });

    public static readonly Func<string, string> Capitalize = static text =>
    {
        int first = text.Length == 0 ? 0 : CodePoints.LengthAt(text, 0);
        return Upper(text[..first]) + text[first..].ToLowerInvariant();
    };

    /// <summary>Python's: whatever is no letter ends a word.</summary>
    public static readonly Func<string, string> PythonTitle = static text => Title(text, static c => !char.IsLetter(c));

    /// <summary>Jinja's own: only white space, hyphens and opening brackets start a word.</summary>
    public static readonly Func<string, string> JinjaTitle = static text =>
        Title(text, static c => c is '-' or '(' or '{' or '[' or '<' || CodePoints.IsSpace(c));

    /// <summary>Changes a string; what is marked safe stays so.</summary>
    public static StringValue Apply(Interpreter context, StringValue text, Func<string, string> change) =>
        context.Rewritten(text, change(context.Read(text)));

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

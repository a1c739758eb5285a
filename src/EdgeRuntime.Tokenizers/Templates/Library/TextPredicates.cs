using System;
using System.Text;
using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Library;

/// <summary>The <c>str.is...</c> methods of Python.</summary>
internal static class TextPredicates
{
    /// <summary>Creates a method that is true if the text is not empty and the test holds for every character.</summary>
    public static NativeBody All(Func<char, bool> test) => (context, self, _) => BoolValue.Of(All(context.Read((StringValue)self), test));

    public static Value IsAscii(RenderContext context, Value self, Arguments arguments) =>
        BoolValue.Of(Ascii.IsValid(context.Read((StringValue)self)));

    public static Value IsTitle(RenderContext context, Value self, Arguments arguments)
    {
        string text = context.Read((StringValue)self);
        return BoolValue.Of(text.AsSpan().IndexOfAnyExcept(' ') >= 0 && TextMaps.PythonTitle.Change(text) == text);
    }

    public static bool IsCased(string text, bool upper)
    {
        bool any = false;
        foreach (char c in text)
        {
            if (upper ? char.IsLower(c) : char.IsUpper(c))
            {
                return false;
            }

            any |= upper ? char.IsUpper(c) : char.IsLower(c);
        }

        return any;
    }

    private static bool All(string text, Func<char, bool> test)
    {
        foreach (char c in text)
        {
            if (!test(c))
            {
                return false;
            }
        }

        return text.Length > 0;
    }
}

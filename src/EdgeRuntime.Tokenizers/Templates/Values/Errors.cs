using System;

namespace EdgeRuntime.Tokenizers.Templates.Values;

/// <summary>The errors of a rendering, worded as Python and Jinja word them. The line is added where the rendering ends.</summary>
internal static class Errors
{
    public static TemplateException Template(string reason) => new(reason);

    public static TemplateException Type(string reason) => new("TypeError: " + reason);

    public static TemplateException Value(string reason) => new("ValueError: " + reason);

    public static TemplateException Index(string reason) => new("IndexError: " + reason);

    public static TemplateException Key(string reason) => new("KeyError: " + reason);

    public static TemplateException Overflow(string reason) => new("OverflowError: " + reason);

    public static TemplateException Division(string reason) => new("ZeroDivisionError: " + reason);

    public static TemplateException Limit(string what, long limit) => new($"the template exceeds a limit: {what} (at most {limit})");
}

/// <summary>The error that ends the reading or the rendering of a template.</summary>
/// <param name="reason">What is wrong, as Jinja words it.</param>
/// <param name="line">The template's line, from 1; 0 where it isn't known.</param>
internal sealed class TemplateException(string reason, int line = 0) : Exception(reason)
{
    public int Line => line;
}

namespace EdgeRuntime.Templates.Values;

/// <summary>The errors of a rendering, in the words of Python and Jinja. The line number is added where the rendering ends.</summary>
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

/// <summary>The exception that ends the parsing or rendering of a template.</summary>
/// <param name="reason">The error, in the words of Jinja.</param>
/// <param name="line">The line in the template, from 1; 0 if unknown.</param>
internal sealed class TemplateException(string reason, int line = 0) : EdgeRuntimeException(reason)
{
    public int Line => line;
}

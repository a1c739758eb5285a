namespace EdgeRuntime.Tokenizers.Templates;

/// <summary>The errors of a rendering, worded as Python and Jinja word them. The line is added where the rendering ends.</summary>
internal static class Errors
{
    public static ChatTemplateException Template(string reason) => new(reason);

    public static ChatTemplateException Type(string reason) => new("TypeError: " + reason);

    public static ChatTemplateException Value(string reason) => new("ValueError: " + reason);

    public static ChatTemplateException Index(string reason) => new("IndexError: " + reason);

    public static ChatTemplateException Key(string reason) => new("KeyError: " + reason);

    public static ChatTemplateException Overflow(string reason) => new("OverflowError: " + reason);

    public static ChatTemplateException Division(string reason) => new("ZeroDivisionError: " + reason);

    public static ChatTemplateException Limit(string what, long limit) => new($"the template exceeds a limit: {what} (at most {limit})");
}

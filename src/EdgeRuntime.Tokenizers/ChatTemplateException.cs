namespace EdgeRuntime;

/// <summary>The exception that is thrown when a chat template cannot be parsed or rendered.</summary>
public sealed class ChatTemplateException : EdgeRuntimeException
{
    /// <param name="message">One line: the error, with line and column if known.</param>
    public ChatTemplateException(string message)
        : base(OneLine(message)) => Reason = message;

    /// <param name="reason">The error, in the words of Jinja.</param>
    /// <param name="line">The line in the template, from 1.</param>
    public ChatTemplateException(string reason, int line)
        : base($"chat template, line {line}: {OneLine(reason)}")
    {
        Reason = reason;
        Line = line;
    }

    /// <summary>Gets the error without the line, in the words of Jinja. For <c>raise_exception</c> it is the argument.</summary>
    public string Reason { get; }

    /// <summary>Gets the line in the template, from 1; 0 if unknown.</summary>
    public int Line { get; }

    /// <param name="reason">The error, in the words of Jinja.</param>
    /// <param name="line">The line in the template, from 1; 0 if unknown.</param>
    internal static ChatTemplateException Of(string reason, int line) => line > 0 ? new(reason, line) : new(reason);

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}

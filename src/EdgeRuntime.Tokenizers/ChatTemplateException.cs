using System;

namespace EdgeRuntime.Tokenizers;

/// <summary>A chat template that can't be parsed or rendered.</summary>
public sealed class ChatTemplateException : Exception
{
    /// <param name="message">What is wrong, with line and column where known: one line.</param>
    public ChatTemplateException(string message)
        : base(OneLine(message)) => Reason = message;

    /// <param name="reason">What is wrong, as Jinja words it.</param>
    /// <param name="line">The template's line, from 1.</param>
    public ChatTemplateException(string reason, int line)
        : base($"chat template, line {line}: {OneLine(reason)}")
    {
        Reason = reason;
        Line = line;
    }

    /// <summary>What is wrong, without the place, as Jinja words it: what a template gave to <c>raise_exception</c>.</summary>
    public string Reason { get; }

    /// <summary>The template's line, from 1; 0 where it isn't known.</summary>
    public int Line { get; }

    /// <param name="reason">What is wrong, as Jinja words it.</param>
    /// <param name="line">The template's line, from 1; 0 where it isn't known.</param>
    internal static ChatTemplateException Of(string reason, int line) => line > 0 ? new(reason, line) : new(reason);

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}

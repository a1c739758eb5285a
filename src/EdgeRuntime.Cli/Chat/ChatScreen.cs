using System;
using System.IO;
using EdgeRuntime.Cli.Terminal;
using Spectre.Console;

namespace EdgeRuntime.Cli.Chat;

/// <summary>Where the chat writes: answers as they come, and remarks of the program, which on a terminal look different.</summary>
internal abstract class ChatScreen
{
    protected const string ContextFull = "the context is full: /clear, or a longer --ctx";

    /// <summary>A piece of an answer.</summary>
    public abstract void WriteAnswer(string text);

    /// <summary>The end of an answer.</summary>
    public abstract void EndAnswer(Answer answer);

    /// <summary>A remark: never part of the conversation.</summary>
    public abstract void Remark(string text);

    /// <summary>Something that went wrong; the conversation goes on.</summary>
    public abstract void Error(string text);
}

/// <summary>A terminal: dim remarks, red errors; a model's control characters are left out.</summary>
internal sealed class TerminalScreen : ChatScreen
{
    private readonly IAnsiConsole _console = AnsiConsole.Create(new AnsiConsoleSettings());

    public TerminalScreen()
    {
        // The terminal wraps long lines itself, and then joins them again when they are copied or the window grows.
        _console.Profile.Width = int.MaxValue;
    }

    public override void WriteAnswer(string text) => Console.Out.Write(TerminalText.Clean(text));

    public override void EndAnswer(Answer answer)
    {
        Console.Out.WriteLine();
        string reason = answer.Cost.StopReason switch
        {
            StopReason.MaxTokens => " (stopped at --max-tokens)",
            StopReason.ContextFull => $" ({ContextFull})",
            StopReason.Cancelled => " (interrupted)",
            _ => "",
        };
        Remark(answer.Summary + reason);
    }

    public override void Remark(string text) => Write(text, "dim");

    public override void Error(string text) => Write(text, "red");

    private void Write(string text, string style) =>
        _console.MarkupLine($"[{style}]{Markup.Escape(TerminalText.Clean(text))}[/]");
}

/// <summary>A pipe: answers on standard output, a line end after each; everything else on standard error.</summary>
internal sealed class PipeScreen(TextWriter output) : ChatScreen
{
    public override void WriteAnswer(string text) => output.Write(text);

    public override void EndAnswer(Answer answer)
    {
        output.Write("\n");
        if (answer.Cost.StopReason == StopReason.ContextFull)
        {
            Remark(ContextFull);
        }
    }

    public override void Remark(string text) => Console.Error.WriteLine(text);

    public override void Error(string text) => Console.Error.WriteLine("edgert: error: " + text);
}

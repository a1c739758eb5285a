using System;
using System.IO;
using EdgeRuntime.Cli.Terminal;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace EdgeRuntime.Cli.Chat;

/// <summary>The output of a chat: streamed answers, and remarks of the program, which look different on a terminal.</summary>
internal abstract class ChatScreen
{
    protected const string ContextFull = "the context is full: /clear, or a longer --ctx";

    /// <summary>Writes a piece of an answer.</summary>
    public abstract void WriteAnswer(string text);

    /// <summary>Ends an answer.</summary>
    public abstract void EndAnswer(Answer answer);

    /// <summary>Writes a remark, which does not belong to the conversation.</summary>
    public abstract void Remark(string text);

    /// <summary>Writes an error that does not change the conversation.</summary>
    public abstract void Error(string text);
}

/// <summary>A terminal: answers wrapped at words, dim remarks, red errors.</summary>
internal sealed class TerminalScreen(TextWriter output, TerminalConsole console) : ChatScreen
{
    private static readonly Style s_dim = new(decoration: Decoration.Dim);
    private static readonly Style s_red = new(Color.Red);

    private readonly WordWrapper _wrapper = new();

    public override void WriteAnswer(string text) => output.Write(_wrapper.Apply(text, console.Profile.Width));

    public override void EndAnswer(Answer answer)
    {
        output.Write(_wrapper.End() + "\n");
        string reason = answer.Result.FinishReason switch
        {
            FinishReason.Length => " (stopped at --max-tokens)",
            FinishReason.ContextFull => $" ({ContextFull})",
            FinishReason.Cancelled => " (interrupted)",
            _ => "",
        };
        Remark(answer.Summary + reason);
    }

    public override void Remark(string text) => Write(text, s_dim);

    public override void Error(string text)
    {
        output.Write(_wrapper.End()); // of an answer that the error has ended
        Write(text, s_red);
    }

    // The terminal wraps long remarks itself, so that it joins them again when they are copied or the window grows.
    private void Write(string text, Style style) => console.Write([new Segment(text, style), Segment.LineBreak]);
}

/// <summary>A pipe: answers on standard output, a line end after each; everything else on standard error.</summary>
internal sealed class PipeScreen(TextWriter output) : ChatScreen
{
    public override void WriteAnswer(string text) => output.Write(text);

    public override void EndAnswer(Answer answer)
    {
        output.Write("\n");
        if (answer.Result.FinishReason == FinishReason.ContextFull)
        {
            Remark(ContextFull);
        }
    }

    public override void Remark(string text) => Console.Error.WriteLine(text);

    public override void Error(string text) => Console.Error.WriteLine("edgert: error: " + text);
}

using System.IO;

namespace EdgeRuntime.Cli.Chat;

/// <summary>The way in which a line ended.</summary>
internal enum LineEnd
{
    Entered,
    EndOfInput,
    Interrupted,
}

/// <summary>A line of input.</summary>
internal readonly record struct Line(string Text, LineEnd End);

/// <summary>A source of input lines for the chat.</summary>
internal interface ILineSource
{
    /// <summary>Gets whether Ctrl-C is a key, rather than a signal, while a line is read.</summary>
    bool TakesControlC { get; }

    /// <summary>Reads one line.</summary>
    /// <param name="prompt">The text in front of the line on a terminal.</param>
    Line Read(string prompt);
}

/// <summary>Lines of a pipe or a file: no prompt, no keys.</summary>
internal sealed class PipeLineSource(TextReader reader) : ILineSource
{
    /// <inheritdoc/>
    public bool TakesControlC => false;

    /// <inheritdoc/>
    public Line Read(string prompt) => reader.ReadLine() is { } text ? new Line(text, LineEnd.Entered) : new Line("", LineEnd.EndOfInput);
}

using System.IO;

namespace EdgeRuntime.Cli.Chat;

/// <summary>How the reading of a line ended.</summary>
internal enum LineEnd
{
    Entered,
    EndOfInput,
    Interrupted,
}

/// <summary>A line that was read.</summary>
internal readonly record struct Line(string Text, LineEnd End);

/// <summary>Where the chat's lines come from.</summary>
internal interface ILineSource
{
    /// <summary>Whether Ctrl-C is a key while a line is read, rather than a signal.</summary>
    bool TakesControlC { get; }

    /// <summary>Reads one line.</summary>
    /// <param name="prompt">Shown in front of it where somebody looks.</param>
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

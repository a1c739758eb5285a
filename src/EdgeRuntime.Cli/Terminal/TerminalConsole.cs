using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace EdgeRuntime.Cli.Terminal;

/// <summary>
/// Runs Spectre.Console on a standard stream that is a terminal. It is the only way for control sequences to reach a terminal. Spectre
/// separates them from text: control segments pass, all other text goes through <see cref="TerminalFilter"/>.
/// </summary>
internal sealed class TerminalConsole : IAnsiConsole
{
    private const int DefaultWidth = 80; // where the terminal does not say
    private static TerminalConsole? s_last;
    private readonly Lock _rendering = new();
    private readonly IAnsiConsole _console;

    /// <param name="stream">A stream that is a terminal.</param>
    public TerminalConsole(StandardStream stream)
    {
        _console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new Output(stream.OpenForControlSequences()),
            Ansi = OperatingSystem.IsWindows() ? AnsiSupport.Detect : TakesSequences ? AnsiSupport.Yes : AnsiSupport.No,
        });
        s_last = this;
    }

    /// <summary>Gets whether the terminal supports cursor movement and erasing, which a line editor needs.</summary>
    public static bool TakesSequences { get; } =
        OperatingSystem.IsWindows() || Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");

    /// <summary>Gets the width of the terminal for tables on standard output; a file or pipe takes lines of any length.</summary>
    public static int TableWidth =>
        Console.IsOutputRedirected ? int.MaxValue : Console.WindowWidth > 0 ? Console.WindowWidth : DefaultWidth;

    /// <inheritdoc/>
    public Profile Profile => _console.Profile;

    /// <inheritdoc/>
    public IAnsiConsoleCursor Cursor => _console.Cursor;

    /// <inheritdoc/>
    public IAnsiConsoleInput Input => _console.Input;

    /// <inheritdoc/>
    public IExclusivityMode ExclusivityMode => _console.ExclusivityMode;

    /// <inheritdoc/>
    public RenderPipeline Pipeline { get; } = new();

    /// <inheritdoc/>
    public void Clear(bool home) => _console.Clear(home);

    /// <inheritdoc/>
    public void Write(IRenderable renderable)
    {
        // A progress bar is drawn by its own thread, and its pipeline hook stores the number of rows drawn.
        lock (_rendering)
        {
            Write(renderable.GetSegments(this));
        }
    }

    /// <summary>Writes control sequences and text in one step.</summary>
    public void Write(IEnumerable<Segment> segments) => _console.Write(new Filtered([.. segments.Select(Filter)]));

    /// <summary>Restores colors and the cursor after output was interrupted.</summary>
    public static void Restore()
    {
        try
        {
            s_last?.Write([Segment.Control("\e[0m\e[?25h")]);
        }
        catch (IOException)
        {
            // The terminal is gone, so nothing needs to be restored.
        }
    }

    private static Segment Filter(Segment segment) => segment.IsControlCode || segment.IsLineBreak
        ? segment
        : new Segment(TerminalFilter.Show(segment.Text), segment.Style);

    private sealed class Filtered(Segment[] segments) : IRenderable
    {
        public Measurement Measure(RenderOptions options, int maxWidth) => new(0, maxWidth);

        public IEnumerable<Segment> Render(RenderOptions options, int maxWidth) => segments;
    }

    private sealed class Output(TextWriter writer) : IAnsiConsoleOutput
    {
        private const int DefaultWidth = 80; // for terminals that do not report a width
        private const int DefaultHeight = 24;

        public TextWriter Writer => writer;

        public bool IsTerminal => true;

        public int Width => Console.WindowWidth is > 0 and int width ? width : DefaultWidth;

        public int Height => Console.WindowHeight is > 0 and int height ? height : DefaultHeight;

        public void SetEncoding(Encoding encoding)
        {
        }
    }
}

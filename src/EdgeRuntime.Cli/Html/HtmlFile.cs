using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Files;

namespace EdgeRuntime.Cli.Html;

/// <summary>A file with a page, which appears when it is complete. Owns the file.</summary>
internal sealed class HtmlFile : IDisposable
{
    private readonly FileReplacement _file;

    private HtmlFile(FileReplacement file)
    {
        _file = file;
        Writer = new StreamWriter(new BufferedStream(file), new UTF8Encoding(false), leaveOpen: true);
    }

    /// <summary>Gets the writer of the page.</summary>
    public TextWriter Writer { get; }

    /// <summary>Creates the file before anything is measured for it, so that a name that can't be written is told at once.</summary>
    /// <param name="path">The path of the file, or null for no file.</param>
    /// <param name="inputs">The paths of the files that the command reads.</param>
    /// <exception cref="CommandException">The file can't be written, or it is an input.</exception>
    public static HtmlFile? Create(string? path, params IEnumerable<string> inputs) =>
        path is null ? null : new HtmlFile(UserFile.Create(path, inputs));

    /// <summary>Completes the file.</summary>
    public void Commit()
    {
        Writer.Flush();
        _file.Commit();
    }

    public void Dispose() => _file.Dispose();
}

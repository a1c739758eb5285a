using System;
using System.Globalization;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Files;
using EdgeRuntime.Quantization;

namespace EdgeRuntime.Cli.Quantization;

/// <summary>The file that a measurement of an importance matrix writes now and then, and from which an interrupted one goes on.</summary>
internal sealed class ImatrixOutput
{
    private readonly string _path;
    private readonly string _run;

    /// <param name="path">The path of the file.</param>
    /// <param name="run">The mark of the measurement.</param>
    /// <param name="force">Whether a file that is there is replaced.</param>
    /// <exception cref="CommandException">There is a complete file, or one of another measurement.</exception>
    public ImatrixOutput(string path, string run, bool force)
    {
        (_path, _run) = (path, run);
        if (force || !Exists(path))
        {
            return;
        }

        ImportanceMatrix before = Load(path);
        string[] mark = before.UnfinishedRun?.Split(' ') ?? [];
        if (mark is not [string name, string done] || name != run
            || !int.TryParse(done, NumberStyles.None, CultureInfo.InvariantCulture, out int chunks))
        {
            throw new CommandException(mark.Length == 0
                ? $"{path}: exists already; --force replaces it"
                : $"{path}: is the unfinished matrix of another model, text or options; --force replaces it");
        }

        (Interrupted, Done) = (before, chunks);
    }

    /// <summary>Gets the matrix of the interrupted measurement; null for a new one.</summary>
    public ImportanceMatrix? Interrupted { get; }

    /// <summary>Gets the number of chunks that it measured.</summary>
    public int Done { get; }

    /// <summary>Gets the number of chunks between two copies; 0 for none.</summary>
    public int CopyFrequency { get; init; }

    /// <summary>Refuses a file that could not be replaced, before a long measurement.</summary>
    public static void CheckTarget(string path, bool force)
    {
        if (!UserFile.Use(path, Exists))
        {
            return;
        }

        ImportanceMatrix before;
        try
        {
            before = Load(path);
        }
        catch (ModelFormatException)
        {
            throw new CommandException(
                $"{path}: exists already and is no importance matrix, or a damaged one; delete it or name another file");
        }

        if (!force && before.UnfinishedRun is null)
        {
            throw new CommandException($"{path}: exists already; --force replaces it");
        }
    }

    /// <summary>Loads a matrix that the user names.</summary>
    public static ImportanceMatrix Load(string path) => UserFile.Use(path, ImportanceMatrix.Load);

    /// <summary>Keeps an unfinished matrix.</summary>
    /// <param name="matrix">The matrix.</param>
    /// <param name="done">The number of chunks that it measured.</param>
    /// <param name="isDue">Whether the file is written now.</param>
    public void Keep(ImportanceMatrix matrix, int done, bool isDue)
    {
        matrix.UnfinishedRun = string.Create(CultureInfo.InvariantCulture, $"{_run} {done}");
        if (isDue && done > 0)
        {
            UserFile.Use(_path, matrix.Save);
        }
    }

    /// <summary>Writes a copy of a matrix where one is due.</summary>
    public void Copy(ImportanceMatrix matrix, int done)
    {
        if (CopyFrequency > 0 && done % CopyFrequency == 0)
        {
            matrix.UnfinishedRun = null;
            UserFile.Use(FormattableString.Invariant($"{_path}.at_{done}"), matrix.Save);
        }
    }

    /// <summary>Writes a complete matrix.</summary>
    public void Complete(ImportanceMatrix matrix)
    {
        matrix.UnfinishedRun = null;
        UserFile.Use(_path, matrix.Save);
    }

    private static bool Exists(string path) => FileKinds.Of(path) == FileKind.Regular;
}

using System;
using System.IO;
using EdgeRuntime.Files;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Cli.Terminal;

/// <summary>Accesses files named on the command line, and reports errors as command errors.</summary>
internal static class UserFile
{
    /// <summary>The largest number of bytes of a text or JSON file.</summary>
    public const int MaxBytes = 256 << 20;

    /// <summary>Reads the text of a regular file of at most <see cref="MaxBytes"/>.</summary>
    public static string ReadText(string path) => Use(path, name => RegularFile.ReadText(name, MaxBytes));

    /// <summary>Opens a regular file for reading.</summary>
    public static FileStream OpenRead(string path) => Use(path, RegularFile.OpenRead);

    /// <summary>
    /// Creates new content for a file, which is unchanged until <see cref="FileReplacement.Commit"/>. It refuses to replace a model.
    /// </summary>
    public static FileReplacement Create(string path) => Use(path, name =>
    {
        RefuseModel(name);
        return FileReplacement.OfUser(name);
    });

    /// <summary>Creates a new model file. It replaces an existing model only with <paramref name="force"/>.</summary>
    public static FileReplacement CreateModel(string path, bool force) => Use(path, name =>
        !force && FileKinds.Of(name) == FileKind.Regular
            ? throw new CommandException($"{name}: exists already; --force replaces it")
            : FileReplacement.OfUser(name, mustBeNew: !force));

    /// <summary>Lets <paramref name="save"/> replace a file, unless the file is a model.</summary>
    public static void Replace(string path, Action<string> save) => Use(path, name =>
    {
        RefuseModel(name);
        save(name);
    });

    /// <summary>Runs an action on a file and reports its errors as command errors.</summary>
    public static void Use(string path, Action<string> action) => Use(path, name =>
    {
        action(name);
        return true;
    });

    /// <inheritdoc cref="Use(string, Action{string})"/>
    public static T Use<T>(string path, Func<string, T> action)
    {
        if (path.Length == 0)
        {
            throw new CommandException("expected the name of a file, found an empty text");
        }

        if (path.Contains('\0', StringComparison.Ordinal))
        {
            throw new CommandException("expected the name of a file, found one with a null character");
        }

        if (WebAddress.IsAddress(path) && !Path.Exists(path))
        {
            throw new CommandException($"{WebAddress.Show(path)}: is a URL, expected the name of a file");
        }

        if (Directory.Exists(path))
        {
            throw new CommandException($"{path}: is a folder, expected a file");
        }

        try
        {
            return action(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{path}: {FileException.Describe(path, exception)}", exception);
        }
    }

    /// <summary>Reads at most <paramref name="count"/> bytes from the start of a regular file; empty if there is no file.</summary>
    public static byte[] ReadStart(string path, int count)
    {
        if (FileKinds.Of(path) != FileKind.Regular)
        {
            return [];
        }

        byte[] start = new byte[count];
        using FileStream stream = RegularFile.OpenRead(path);
        return start[..stream.ReadAtLeast(start, count, throwOnEndOfStream: false)];
    }

    private static void RefuseModel(string path)
    {
        if (GgufFile.IsGguf(ReadStart(path, sizeof(uint))))
        {
            throw new CommandException($"{path}: is a model (GGUF), which this would destroy; name another file");
        }
    }
}

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
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
    /// Creates new content for a file, which is unchanged until <see cref="FileReplacement.Commit"/>. It refuses to replace a model or an
    /// input of the command.
    /// </summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="inputs">The paths of the files that the command reads.</param>
    public static FileReplacement Create(string path, params IEnumerable<string> inputs) => Use(path, name =>
    {
        RefuseModel(name);
        RefuseInput(name, inputs);
        return FileReplacement.OfUser(name);
    });

    /// <summary>Refuses a new model file that can't be written, before anything is computed for it.</summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="force">Whether an existing file may be replaced.</param>
    /// <param name="input">The path of the model that the command reads.</param>
    public static void CheckNewModel(string path, bool force, string input)
    {
        Use(path, name => RefuseInput(name, [input]));
        if (FileKinds.Of(path) is FileKind.None or FileKind.Regular) // the reader of a pipe would see its end
        {
            CreateModel(path, force).Dispose();
        }
    }

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
        CheckName(path);
        try
        {
            return action(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(
                FileException.NamesItsFile(exception) ? exception.Message : $"{path}: {FileException.Describe(path, exception)}",
                exception);
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

    private static void CheckName(string path)
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
    }

    private static void RefuseInput(string path, IEnumerable<string> inputs)
    {
        if (inputs.Any(input => FileStatus.IsSameFile(input, path)))
        {
            throw new CommandException($"{path}: is the input too, expected another file");
        }
    }

    private static void RefuseModel(string path)
    {
        if (GgufFile.IsGguf(ReadStart(path, sizeof(uint))))
        {
            throw new CommandException($"{path}: is a model (GGUF), which this would destroy; name another file");
        }
    }
}

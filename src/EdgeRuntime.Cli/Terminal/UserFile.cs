using System;
using System.IO;

namespace EdgeRuntime.Cli.Terminal;

/// <summary>Files that the command line names: what is wrong with one is said in the words of the command line.</summary>
internal static class UserFile
{
    public static string ReadText(string path) => Use(path, File.ReadAllText);

    public static byte[] ReadBytes(string path) => Use(path, File.ReadAllBytes);

    public static FileStream OpenRead(string path) => Use(path, File.OpenRead);

    /// <summary>A new file, or an old one emptied.</summary>
    public static FileStream Create(string path) => Use(path, File.Create);

    /// <summary>A file to write behind what it holds; others may read and write it meanwhile.</summary>
    public static FileStream OpenAppend(string path) =>
        Use(path, name => File.Open(name, FileMode.Append, FileAccess.Write, FileShare.ReadWrite));

    /// <summary>Does something with a file of that name.</summary>
    public static void Use(string path, Action<string> action) => Use(path, name =>
    {
        action(name);
        return true;
    });

    private static T Use<T>(string path, Func<string, T> open)
    {
        if (path.Length == 0)
        {
            throw new CommandException("expected the name of a file, found an empty text");
        }

        if (Directory.Exists(path))
        {
            throw new CommandException($"{path}: is a folder, expected a file");
        }

        try
        {
            return open(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            string problem = exception switch
            {
                FileNotFoundException => "no such file",
                DirectoryNotFoundException => $"no such folder as {Path.GetDirectoryName(path)}",
                UnauthorizedAccessException => "no permission",
                _ => exception.Message,
            };
            throw new CommandException($"{path}: {problem}", exception);
        }
    }
}

using System;
using System.IO;

namespace EdgeRuntime.Files;

/// <summary>
/// The exception that is thrown when a file cannot be read or written. The message is one line that begins with the path.
/// </summary>
internal sealed class FileException : IOException
{
    /// <summary>The problem of a file that must be new.</summary>
    public const string Exists = "exists already; name another file, or allow to replace it";

    private const string TooLarge = "the file would be larger than this process or file system allows (ulimit -f)";

    private const int WindowsDiskFull = unchecked((int)0x80070070);
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);

    // Error numbers of Linux; those below 35 are the same on macOS.
    private const int FileExists = 17;
    private const int FileTooLarge = 27;
    private const int NoSpace = 28;
    private const int ReadOnlyFileSystem = 30;
    private const int BrokenPipe = 32;
    private const int QuotaOnMac = 69;
    private const int QuotaOnLinux = 122;

    /// <param name="path">The path as the user gave it.</param>
    /// <param name="problem">One line that describes the problem, without the path.</param>
    /// <param name="cause">The exception of the system, or null.</param>
    public FileException(string path, string problem, Exception? cause = null)
        : base($"{path}: {problem}", cause)
    {
        Problem = problem;
        HResult = cause?.HResult ?? HResult;
    }

    /// <summary>Gets the message without the path.</summary>
    public string Problem { get; }

    /// <summary>
    /// Gets whether an exception means that the system refused a file operation. .NET reports a file that exceeds its size limit (EFBIG) as
    /// an <see cref="ArgumentOutOfRangeException"/>.
    /// </summary>
    public static bool IsRefusal(Exception exception) =>
        exception is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException;

    /// <summary>Wraps an exception of the system. The message names the path of the user instead of the path that the system saw.</summary>
    public static FileException From(string path, Exception cause) =>
        cause as FileException ?? new FileException(path, Describe(path, cause), cause);

    /// <summary>
    /// Gets whether the message of an exception begins with the path of its file. The type is compared by name: the command compiles these
    /// sources too, so that its type is not that of the libraries.
    /// </summary>
    public static bool NamesItsFile(Exception exception) => exception.GetType().FullName == typeof(FileException).FullName;

    /// <summary>Describes an exception in one line, without the path.</summary>
    public static string Describe(string path, Exception exception) => exception switch
    {
        FileException file => file.Problem,

        // From another assembly: the command compiles these sources too, so its FileException is not the type of the libraries.
        IOException when exception.Message.StartsWith(path + ": ", StringComparison.Ordinal) => OneLine(exception)[(path.Length + 2)..],
        FileNotFoundException => "no such file",
        DirectoryNotFoundException => $"no such folder as {Path.GetDirectoryName(path)}",
        UnauthorizedAccessException => "no permission",
        ArgumentOutOfRangeException => TooLarge,
        IOException => OfNumber(exception.HResult) ?? OneLine(exception),
        _ => OneLine(exception),
    };

    private static string? OfNumber(int number) => number switch
    {
        WindowsDiskFull or WindowsHandleDiskFull => "the disk is full",
        _ when OperatingSystem.IsWindows() => null,
        NoSpace => "the disk is full",
        FileTooLarge => TooLarge,
        QuotaOnMac when OperatingSystem.IsMacOS() => "the disk quota is used up",
        QuotaOnLinux when OperatingSystem.IsLinux() => "the disk quota is used up",
        ReadOnlyFileSystem => "the file system is read-only",
        BrokenPipe => "its reader has gone",
        FileExists => Exists,
        _ => null,
    };

    private static string OneLine(Exception exception) => exception.Message.ReplaceLineEndings(" ");
}

using System;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Text.Json;

namespace EdgeRuntime.Cli.Terminal;

/// <summary>The exception that is thrown for an invalid command line. Exit code 2.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>The exception that is thrown for errors outside of this program (a file, a server, a text). Exit code 1.</summary>
internal sealed class CommandException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The exception that is thrown when standard output cannot be written, which ends the command. Exit code 1.</summary>
internal class OutputException(string message) : IOException(message);

/// <summary>
/// The exception that is thrown when the reader of standard output has closed it (<c>| head</c>). The command ends silently, as with
/// SIGPIPE.
/// </summary>
internal sealed class OutputClosedException() : OutputException("standard output was closed by its reader");

/// <summary>Reports exceptions to the user: one line on standard error, and a stack trace only in verbose mode.</summary>
internal static class ErrorReport
{
    public const int Failure = 1;
    public const int UsageError = 2;

    /// <summary>The base of exit codes after a signal: this plus the number of the signal, like shells.</summary>
    public const int SignalBase = 128;

    /// <summary>The exit code after Ctrl-C (SIGINT).</summary>
    public const int Interrupted = SignalBase + 2;

    private const int OutputClosed = SignalBase + 13; // SIGPIPE
    private const string Mark = "edgert: error: ";

    /// <summary>Finds the message of the last error that this command wrote.</summary>
    /// <param name="lines">What it wrote to standard error.</param>
    /// <returns>The message without the mark before it; null if there is none.</returns>
    public static string? FindError(string lines) =>
        lines.Split('\n').LastOrDefault(static line => line.StartsWith(Mark, StringComparison.Ordinal))?[Mark.Length..].TrimEnd('\r');

    public static int Write(Exception exception, bool verbose)
    {
        switch (exception)
        {
            case OutputClosedException:
                return OutputClosed;
            case OperationCanceledException:
                return Interrupted;
        }

        Console.Error.WriteLine(Mark + DescribeInOneLine(exception));
        if (verbose)
        {
            Console.Error.WriteLine(string.Join('\n', exception.ToString().Split('\n').Select(OneLine.Cut)));
        }

        return exception is UsageException ? UsageError : Failure;
    }

    /// <summary>Gets the message of an expected exception without the parameter name that .NET appends.</summary>
    public static string Describe(Exception exception) => exception switch
    {
        TypeInitializationException { InnerException: { } inner } => Describe(inner),
        _ when IsExpected(exception) => OptionNames.Translate(exception.Message),
        HttpRequestException => exception.InnerException is { } inner ? $"{exception.Message} ({inner.Message})" : exception.Message,
        JsonException => "not valid JSON: " + exception.Message,
        ArgumentException argument => OptionNames.Translate(WithoutParameterName(argument)),
        OutOfMemoryException => "not enough memory; use a shorter context (--ctx) or a smaller model",
        _ => $"internal error: {exception.GetType().Name}: {exception.Message} (--verbose shows the stack trace)",
    };

    /// <summary>Gets <see cref="Describe"/> on one line of bounded length.</summary>
    public static string DescribeInOneLine(Exception exception) => OneLine.Message(Describe(exception));

    /// <summary>Gets whether an exception describes an error outside of this program, in words for the user.</summary>
    public static bool IsExpected(Exception exception) => exception switch
    {
        CommandException or UsageException or EdgeRuntimeException
            or IOException or InvalidDataException or InvalidOperationException or UnauthorizedAccessException => true,
        _ => false,
    };

    private static string WithoutParameterName(ArgumentException exception)
    {
        int suffix = exception.ParamName is null
            ? -1
            : exception.Message.IndexOf($" (Parameter '{exception.ParamName}')", StringComparison.Ordinal);
        return suffix < 0 ? exception.Message : exception.Message[..suffix];
    }
}

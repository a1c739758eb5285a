using System;
using System.IO;
using System.Net.Http;
using System.Text.Json;
using EdgeRuntime.Tokenizers;

namespace EdgeRuntime.Cli.Terminal;

/// <summary>A wrong command line: exit code 2.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>Something outside this program is not as it must be (a file, a server, a text): exit code 1.</summary>
internal sealed class CommandException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Standard output can't take the answer, which ends the command: exit code 1.</summary>
internal class OutputException(string message) : IOException(message);

/// <summary>The reader of standard output has gone away (<c>| head</c>): the command ends without a word, as SIGPIPE would end
/// it.</summary>
internal sealed class OutputClosedException() : OutputException("standard output was closed by its reader");

/// <summary>What a person sees of an exception: one line on standard error; a stack trace only when asked for details.</summary>
internal static class ErrorReport
{
    public const int Failure = 1;
    public const int UsageError = 2;

    /// <summary>Behind a signal the exit code is this and the signal's number, as shells have it.</summary>
    public const int SignalBase = 128;

    /// <summary>Exit code after Ctrl-C (SIGINT).</summary>
    public const int Interrupted = SignalBase + 2;

    private const int OutputClosed = SignalBase + 13; // SIGPIPE

    public static int Write(Exception exception, bool verbose)
    {
        switch (exception)
        {
            case OutputClosedException:
                return OutputClosed;
            case OperationCanceledException:
                return Interrupted;
        }

        Console.Error.WriteLine("edgert: error: " + OneLine(Describe(exception)));
        if (verbose)
        {
            Console.Error.WriteLine(exception);
        }

        return exception is UsageException ? UsageError : Failure;
    }

    /// <summary>The message of an expected exception, without the parameter names that .NET appends.</summary>
    public static string Describe(Exception exception) => exception switch
    {
        TypeInitializationException { InnerException: { } inner } => Describe(inner),
        _ when IsExpected(exception) => exception.Message,
        HttpRequestException => exception.InnerException is { } inner ? $"{exception.Message} ({inner.Message})" : exception.Message,
        JsonException => "not valid JSON: " + exception.Message,
        ArgumentException argument => WithoutParameterName(argument),
        OutOfMemoryException => "not enough memory; use a shorter context (--ctx) or a smaller model",
        _ => $"internal error: {exception.GetType().Name}: {exception.Message} (--verbose shows the stack trace)",
    };

    /// <summary>Whether it tells of the world outside this program, in words for a person.</summary>
    public static bool IsExpected(Exception exception) => exception switch
    {
        CommandException or UsageException or ModelFormatException or UnsupportedModelException or ContextFullException or ChatTemplateException
            or IOException or InvalidDataException or InvalidOperationException or UnauthorizedAccessException => true,
        DivideByZeroException or OverflowException => false,
        ArithmeticException => true, // damaged weights, or biases that leave no token to choose
        _ => false,
    };

    private static string WithoutParameterName(ArgumentException exception)
    {
        int suffix = exception.ParamName is null ? -1 : exception.Message.IndexOf($" (Parameter '{exception.ParamName}')", StringComparison.Ordinal);
        return suffix < 0 ? exception.Message : exception.Message[..suffix];
    }

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}

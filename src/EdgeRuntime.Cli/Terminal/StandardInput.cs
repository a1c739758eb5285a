using System;
using System.IO;
using System.Text;

namespace EdgeRuntime.Cli.Terminal;

/// <summary>Standard input as UTF-8, whatever the console's code page; empty where the parent process gave none.</summary>
internal static class StandardInput
{
    /// <exception cref="CommandException">Reading what it returns: the system can't read it, as where it is a folder.</exception>
    public static TextReader Open() => new Reader(
        StandardDescriptor.IsGiven(StandardDescriptor.Input) ? Console.OpenStandardInput() : Stream.Null);

    public static string ReadAll()
    {
        using TextReader reader = Open();
        return reader.ReadToEnd();
    }

    private sealed class Reader(Stream stream) : StreamReader(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false))
    {
        public override string? ReadLine() => Named(base.ReadLine);

        public override string ReadToEnd() => Named(base.ReadToEnd);

        private static T Named<T>(Func<T> read)
        {
            try
            {
                return read();
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new CommandException($"standard input: {exception.Message}", exception);
            }
        }
    }
}

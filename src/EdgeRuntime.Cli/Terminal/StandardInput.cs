using System;
using System.IO;
using System.Text;

namespace EdgeRuntime.Cli.Terminal;

/// <summary>Reads standard input as UTF-8, whatever the code page of the console; empty if the parent process provided none.</summary>
internal static class StandardInput
{
    /// <exception cref="CommandException">
    /// Thrown by the returned reader: the system cannot read standard input, for example because it is a folder.
    /// </exception>
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

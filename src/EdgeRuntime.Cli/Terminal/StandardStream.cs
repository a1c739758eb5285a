using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;

namespace EdgeRuntime.Cli.Terminal;

/// <summary>
/// Writes standard output or standard error as UTF-8 without a byte order mark and without buffering. All text of the program is written
/// here: a terminal gets it through <see cref="TerminalFilter"/>, a pipe or a file gets it unchanged.
/// </summary>
/// <remarks>
/// On Unix the bytes are written by write(2). .NET's console stream ignores EPIPE, so that the command in <c>edgert run
/// head</c> would continue without a reader. It also opens additional descriptors, so that a process at its limit of descriptors could not
/// report that.
/// </remarks>
internal abstract class StandardStream : TextWriter
{
    private readonly int _descriptor;
    private readonly TerminalFilter? _filter;
    private readonly Stream? _windowsStream;
    private readonly Encoder _encoder = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false).GetEncoder();
    private byte[] _bytes = new byte[4096];

    /// <param name="descriptor">The descriptor on Unix.</param>
    /// <param name="isTerminal">Whether the stream is a terminal.</param>
    /// <param name="open">Opens the stream on Windows.</param>
    private protected StandardStream(int descriptor, bool isTerminal, Func<Stream> open)
    {
        _descriptor = descriptor;
        IsTerminal = isTerminal;
        _filter = isTerminal ? new TerminalFilter() : null;
        CoreNewLine = ['\n'];
        if (OperatingSystem.IsWindows())
        {
            if (isTerminal)
            {
                // A console interprets bytes in its code page.
                Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
            }

            _windowsStream = open();
        }
    }

    /// <summary>Gets whether the stream is a terminal, where text is filtered.</summary>
    public bool IsTerminal { get; }

    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value) => Write([value]);

    public override void Write(string? value) => Write(value.AsSpan());

    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    public override void Write(ReadOnlySpan<char> buffer) => WriteUnfiltered(_filter is null ? buffer : _filter.Apply(buffer));

    public override void WriteLine(string? value) => Write(value + "\n");

    /// <summary>Opens a writer that bypasses the filter. It is only for the control sequences of <see cref="TerminalConsole"/>.</summary>
    public TextWriter OpenForControlSequences() => new UnfilteredWriter(this);

    /// <summary>Handles a failed write.</summary>
    /// <param name="error">The error number on Unix, 0 on other systems.</param>
    /// <param name="message">The message of the system.</param>
    private protected abstract void OnFailure(int error, string message);

    private void WriteUnfiltered(ReadOnlySpan<char> text)
    {
        int bound = Encoding.GetMaxByteCount(text.Length);
        if (_bytes.Length < bound)
        {
            _bytes = new byte[bound];
        }

        WriteBytes(_bytes.AsSpan(0, _encoder.GetBytes(text, _bytes, flush: false)));
    }

    /// <summary>Writes bytes unchanged. It is not for a terminal.</summary>
    public void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        if (_windowsStream is null)
        {
            int error = StandardDescriptor.Write(_descriptor, bytes);
            if (error != 0)
            {
                OnFailure(error, Marshal.GetPInvokeErrorMessage(error));
            }

            return;
        }

        try
        {
            _windowsStream.Write(bytes);
        }
        catch (IOException exception)
        {
            OnFailure(0, exception.Message);
        }
    }

    private sealed class UnfilteredWriter(StandardStream stream) : TextWriter
    {
        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => stream.WriteUnfiltered([value]);

        public override void Write(string? value) => stream.WriteUnfiltered(value);

        public override void Write(char[] buffer, int index, int count) => stream.WriteUnfiltered(buffer.AsSpan(index, count));

        public override void Write(ReadOnlySpan<char> buffer) => stream.WriteUnfiltered(buffer);
    }
}

/// <summary>Standard output. A failed write throws an <see cref="OutputException"/>, which ends the command.</summary>
internal sealed class StandardOutput() : StandardStream(StandardDescriptor.Output, !Console.IsOutputRedirected, Console.OpenStandardOutput)
{
    private protected override void OnFailure(int error, string message) =>
        throw (error == StandardDescriptor.ErrorPipe ? new OutputClosedException() : new OutputException($"standard output: {message}"));
}

/// <summary>Standard error. Failed writes are ignored: a message that cannot be shown must not end the command.</summary>
internal sealed class StandardError() : StandardStream(StandardDescriptor.Error, !Console.IsErrorRedirected, Console.OpenStandardError)
{
    private protected override void OnFailure(int error, string message)
    {
    }
}

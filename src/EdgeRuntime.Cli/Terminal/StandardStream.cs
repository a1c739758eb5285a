using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;

namespace EdgeRuntime.Cli.Terminal;

/// <summary>
/// Standard output or standard error: UTF-8 without a byte order mark, every write at once. All text of the program leaves it here: on a
/// terminal it passes <see cref="TerminalFilter"/>, a pipe or a file gets it unchanged.
/// </summary>
/// <remarks>
/// On Unix the bytes are written by write(2) itself. .NET's console stream swallows EPIPE, so a command in <c>edgert run | head</c> would
/// go on computing for nobody. It also opens descriptors of its own, so a process at its limit of them could not even report that.
/// </remarks>
internal abstract class StandardStream : TextWriter
{
    private readonly int _descriptor;
    private readonly TerminalFilter? _filter;
    private readonly Stream? _windowsStream;
    private readonly Encoder _encoder = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false).GetEncoder();
    private byte[] _bytes = new byte[4096];

    /// <param name="descriptor">Its number on Unix.</param>
    /// <param name="isTerminal">Whether a person sees it.</param>
    /// <param name="open">Opens it on Windows.</param>
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
                // A console shows bytes in its code page.
                Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
            }

            _windowsStream = open();
        }
    }

    /// <summary>Whether it is a terminal, where text is filtered.</summary>
    public bool IsTerminal { get; }

    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value) => Write([value]);

    public override void Write(string? value) => Write(value.AsSpan());

    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    public override void Write(ReadOnlySpan<char> buffer) => WriteUnfiltered(_filter is null ? buffer : _filter.Apply(buffer));

    public override void WriteLine(string? value) => Write(value + "\n");

    /// <summary>
    /// A way past the filter, for the control sequences of <see cref="TerminalConsole"/> and nothing else.
    /// </summary>
    public TextWriter OpenForControlSequences() => new UnfilteredWriter(this);

    /// <summary>Takes the news that bytes could not be written.</summary>
    /// <param name="error">The number of the error on Unix, 0 elsewhere.</param>
    /// <param name="message">What the system says.</param>
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

    private void WriteBytes(ReadOnlySpan<byte> bytes)
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

/// <summary>Standard output. What can't be written is an <see cref="OutputException"/>, which ends the command.</summary>
internal sealed class StandardOutput() : StandardStream(StandardDescriptor.Output, !Console.IsOutputRedirected, Console.OpenStandardOutput)
{
    private protected override void OnFailure(int error, string message) =>
        throw (error == StandardDescriptor.ErrorPipe ? new OutputClosedException() : new OutputException($"standard output: {message}"));
}

/// <summary>Standard error. What can't be written is lost: a remark that nobody can read is no reason to drop an answer.</summary>
internal sealed class StandardError() : StandardStream(StandardDescriptor.Error, !Console.IsErrorRedirected, Console.OpenStandardError)
{
    private protected override void OnFailure(int error, string message)
    {
    }
}

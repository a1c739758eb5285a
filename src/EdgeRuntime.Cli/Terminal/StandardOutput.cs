using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;

namespace EdgeRuntime.Cli.Terminal;

/// <summary>
/// Standard output as UTF-8 without a byte order mark, flushed at every write.
/// </summary>
/// <remarks>
/// .NET's console stream swallows EPIPE, so a command in <c>edgert run | head</c> would go on computing for nobody. On Unix the
/// bytes are therefore written by write(2) itself, and a closed pipe is an <see cref="OutputClosedException"/>.
/// </remarks>
internal sealed class StandardOutput : TextWriter
{
    private const int StdoutDescriptor = 1;
    private const int ErrorInterrupted = 4; // EINTR
    private const int ErrorPipe = 32; // EPIPE
    private const int ErrorAgainLinux = 11; // EAGAIN
    private const int ErrorAgainMac = 35;

    private readonly Stream? _windowsStream = OperatingSystem.IsWindows() ? OpenOnWindows() : null;
    private readonly Encoder _encoder = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false).GetEncoder();
    private byte[] _bytes = new byte[4096];

    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value) => Write([value]);

    public override void Write(string? value) => Write(value.AsSpan());

    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    public override void Write(ReadOnlySpan<char> buffer)
    {
        int bound = Encoding.GetMaxByteCount(buffer.Length);
        if (_bytes.Length < bound)
        {
            _bytes = new byte[bound];
        }

        WriteBytes(_bytes.AsSpan(0, _encoder.GetBytes(buffer, _bytes, flush: false)));
    }

    private static Stream OpenOnWindows()
    {
        if (!Console.IsOutputRedirected)
        {
            // A console shows bytes in its code page.
            Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        }

        return Console.OpenStandardOutput();
    }

    private void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        if (_windowsStream is not null)
        {
            _windowsStream.Write(bytes);
            return;
        }

        while (!bytes.IsEmpty)
        {
            nint written = WriteDescriptor(StdoutDescriptor, in MemoryMarshal.GetReference(bytes), bytes.Length);
            if (written >= 0)
            {
                bytes = bytes[(int)written..];
                continue;
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case ErrorInterrupted:
                    break;
                case ErrorAgainLinux or ErrorAgainMac: // a terminal or pipe that somebody made non-blocking
                    Thread.Sleep(1);
                    break;
                case ErrorPipe:
                    throw new OutputClosedException();
                case int error:
                    throw new IOException("standard output: " + Marshal.GetPInvokeErrorMessage(error));
            }
        }
    }

    [DllImport("libc", EntryPoint = "write", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint WriteDescriptor(int descriptor, in byte bytes, nint count);
}

using System;
using System.Runtime.InteropServices;
using System.Threading;

namespace EdgeRuntime.Cli.Terminal;

/// <summary>
/// Handles the Unix descriptors 0, 1 and 2: finds out which ones the parent process provided, and writes to them with write(2).
/// </summary>
/// <remarks>
/// A parent may close a standard stream (<c>edgert chat &lt;&amp;-</c>). The next opened file then gets its number, and a chat would read
/// its model as input. The .NET runtime itself opens files in such gaps even before <c>Main</c>.
/// </remarks>
internal static class StandardDescriptor
{
    public const int Input = 0;
    public const int Output = 1;
    public const int Error = 2;

    /// <summary>EPIPE: the reader of the pipe has closed it.</summary>
    public const int ErrorPipe = 32;

    private const int ErrorInterrupted = 4; // EINTR
    private const int ErrorBadDescriptor = 9; // EBADF
    private const int ErrorAgainLinux = 11; // EAGAIN
    private const int ErrorAgainMac = 35;
    private const int GetDescriptorFlags = 1; // F_GETFD
    private const int CloseOnExec = 1; // FD_CLOEXEC
    private const int ReadOnly = 0; // O_RDONLY

    private static readonly bool[] s_given = [true, true, true];

    /// <summary>Finds out which descriptors were provided and fills the gaps. Call it before any file is opened.</summary>
    /// <remarks>
    /// The null device is opened for reading, so that reads end at once and writes fail as on a closed descriptor. A descriptor of the
    /// runtime in a gap is left alone because the runtime needs it; <see cref="IsGiven"/> is false for it.
    /// </remarks>
    public static void OccupyGaps()
    {
        if (OperatingSystem.IsWindows())
        {
            return; // Windows handles are not reused numbers.
        }

        for (int descriptor = Input; descriptor <= Error; descriptor++)
        {
            // exec(2) closes descriptors with this flag, so this process opened the descriptor itself.
            int flags = Control(descriptor, GetDescriptorFlags);
            s_given[descriptor] = flags >= 0 && (flags & CloseOnExec) == 0;
            if (flags < 0)
            {
                _ = Open(in MemoryMarshal.GetReference("/dev/null\0"u8), ReadOnly); // open(2) returns the lowest free number: this one
            }
        }
    }

    /// <summary>Gets whether the parent process provided the descriptor.</summary>
    public static bool IsGiven(int descriptor) => s_given[descriptor];

    /// <summary>Writes all bytes.</summary>
    /// <returns>0, or the error number (errno).</returns>
    public static int Write(int descriptor, ReadOnlySpan<byte> bytes)
    {
        if (!IsGiven(descriptor))
        {
            return ErrorBadDescriptor;
        }

        while (!bytes.IsEmpty)
        {
            nint written = Write(descriptor, in MemoryMarshal.GetReference(bytes), bytes.Length);
            if (written >= 0)
            {
                bytes = bytes[(int)written..];
                continue;
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case ErrorInterrupted:
                    break;
                case ErrorAgainLinux or ErrorAgainMac: // a terminal or pipe in non-blocking mode
                    Thread.Sleep(1);
                    break;
                case int error:
                    return error;
            }
        }

        return 0;
    }

    [DllImport("libc", EntryPoint = "write", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Write(int descriptor, in byte bytes, nint count);

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open(in byte path, int flags);

    [DllImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Control(int descriptor, int command);
}

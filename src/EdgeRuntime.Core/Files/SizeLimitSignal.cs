using System;
using System.Runtime.InteropServices;
using System.Threading;

namespace EdgeRuntime.Files;

/// <summary>
/// Handles the signal that the system sends when a write would exceed the file size limit (RLIMIT_FSIZE, <c>ulimit -f</c>). By default it
/// kills the process in the middle of the file. If it is ignored, the write fails as on a full disk.
/// </summary>
internal static partial class SizeLimitSignal
{
    private const int Number = 25; // SIGXFSZ on Linux (x86, Arm, RISC-V) and macOS
    private const nint Default = 0; // SIG_DFL
    private const nint Ignored = 1; // SIG_IGN

    private static int _isDone;

    /// <summary>Ignores the signal in this process, unless the program has its own handler.</summary>
    public static void Ignore()
    {
        if (OperatingSystem.IsWindows() || Interlocked.Exchange(ref _isDone, 1) != 0)
        {
            return;
        }

        nint before = signal(Number, Ignored);
        if (before != Default)
        {
            signal(Number, before);
        }
    }

    [LibraryImport("libc")]
    private static partial nint signal(int number, nint handler);
}

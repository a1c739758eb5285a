using System;
using System.Runtime.InteropServices;
using System.Threading;

namespace EdgeRuntime.Files;

/// <summary>
/// The signal that a process gets when a file that it writes would outgrow its limit (RLIMIT_FSIZE, <c>ulimit -f</c>). By default it ends
/// the process in the middle of the file. Where it is ignored, the write fails as on a full disk.
/// </summary>
internal static partial class SizeLimitSignal
{
    private const int Number = 25; // SIGXFSZ of Linux (x86, Arm, RISC-V) and macOS
    private const nint Default = 0; // SIG_DFL
    private const nint Ignored = 1; // SIG_IGN

    private static int _isDone;

    /// <summary>Ignores the signal in this process from now on; leaves it alone where the program has a handler of its own.</summary>
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

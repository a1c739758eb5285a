using System;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Threading;

/// <summary>Binds threads to cores where the system lets a process do so (Linux); elsewhere the system's scheduler decides.</summary>
internal static unsafe partial class ThreadAffinity
{
    private const int MaskWords = 16;

    /// <summary>Binds the current thread to the <paramref name="index"/>-th core that the process may use. Best effort.</summary>
    public static void PinCurrentThread(int index)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        ulong* allowed = stackalloc ulong[MaskWords];
        if (sched_getaffinity(0, MaskWords * sizeof(ulong), allowed) < 0 || FindCore(allowed, index) is not { } core)
        {
            return;
        }

        ulong* mask = stackalloc ulong[MaskWords];
        new Span<ulong>(mask, MaskWords).Clear();
        mask[core / 64] = 1UL << (core % 64);
        _ = sched_setaffinity(0, MaskWords * sizeof(ulong), mask);
    }

    /// <summary>Number of the <paramref name="index"/>-th set bit; null where there are fewer.</summary>
    private static int? FindCore(ulong* mask, int index)
    {
        for (int core = 0; core < MaskWords * 64; core++)
        {
            if ((mask[core / 64] >> (core % 64) & 1) != 0 && index-- == 0)
            {
                return core;
            }
        }

        return null;
    }

    [LibraryImport("libc")]
    private static partial int sched_getaffinity(int pid, nint size, ulong* mask);

    [LibraryImport("libc")]
    private static partial int sched_setaffinity(int pid, nint size, ulong* mask);
}

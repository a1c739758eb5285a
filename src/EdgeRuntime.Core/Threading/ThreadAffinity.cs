using System;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Threading;

/// <summary>Pins threads to cores where the system lets a process do so (Linux). On other systems the scheduler decides.</summary>
internal static unsafe partial class ThreadAffinity
{
    private const int MaskWords = 16;

    /// <summary>
    /// Pins the current thread to the core with index <paramref name="index"/> among the cores that the process may use. Best effort.
    /// </summary>
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

    /// <summary>Finds the position of the set bit with index <paramref name="index"/>; null if there are fewer set bits.</summary>
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

using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;

namespace EdgeRuntime.Cli.Bench;

/// <summary>Measures the peak resident memory of this process.</summary>
internal static class PeakMemory
{
    /// <summary>
    /// Collects garbage and begins a new peak at the present memory, which Linux can do (proc_pid_clear_refs(5)).
    /// </summary>
    /// <returns>False if the peak stays that of the whole process.</returns>
    public static bool TryReset()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        try
        {
            File.WriteAllText("/proc/self/clear_refs", "5");
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Reads the peak in bytes: VmHWM on Linux, the peak working set elsewhere.</summary>
    /// <remarks>Mapped pages of the model file count once they are resident.</remarks>
    public static long ReadBytes()
    {
        const string Status = "/proc/self/status";
        if (File.Exists(Status)
            && File.ReadLines(Status).FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)) is { } line)
        {
            string kilobytes = line["VmHWM:".Length..].Replace("kB", "", StringComparison.Ordinal).Trim();
            return long.Parse(kilobytes, CultureInfo.InvariantCulture) * 1024;
        }

        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}

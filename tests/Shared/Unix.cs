using System;
using System.Diagnostics;
using System.IO;
using Xunit;

namespace EdgeRuntime.TestSupport;

/// <summary>What only Unix systems have: named pipes, devices, file systems of a given size. Tests that need them skip elsewhere.</summary>
internal static class Unix
{
    /// <summary>Skips the calling test on Windows.</summary>
    public static void Require() => Assert.SkipWhen(OperatingSystem.IsWindows(), "there are no such files on Windows");

    /// <summary>Makes a named pipe.</summary>
    public static string MakePipe(string path)
    {
        Require();
        Assert.Equal(0, Run("mkfifo", path));
        return path;
    }

    /// <summary>Runs a program; its exit code, or -1 where it is absent.</summary>
    public static int Run(string program, params string[] arguments)
    {
        try
        {
            var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
            using Process process = Process.Start(start)!;
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return -1;
        }
    }
}

/// <summary>A file system in memory that is full soon. Needs the right to mount; without it the calling test skips.</summary>
internal sealed class SmallDisk : IDisposable
{
    public SmallDisk(int kilobytes)
    {
        if (Unix.Run("mount", "-t", "tmpfs", "-o", FormattableString.Invariant($"size={kilobytes}k"), "none", Path) != 0)
        {
            Directory.Delete(Path);
            Assert.Skip("this user may not mount a file system");
        }
    }

    public string Path { get; } = Directory.CreateTempSubdirectory("edgert-disk-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        Assert.Equal(0, Unix.Run("umount", "-l", Path));
        Directory.Delete(Path);
    }
}

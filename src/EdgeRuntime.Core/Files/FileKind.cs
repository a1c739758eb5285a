using System;
using System.IO;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EdgeRuntime.Files;

/// <summary>What a path leads to.</summary>
internal enum FileKind
{
    /// <summary>Nothing, or something that this process may not look at.</summary>
    None,
    Regular,
    Folder,
    Pipe,
    Socket,
    Device,
}

/// <summary>Finds out what a file is without opening it: opening a pipe waits, and opening a device may do anything.</summary>
internal static partial class FileKinds
{
    private const int TypeMask = 0xF000; // S_IFMT

    /// <summary>What the path leads to, behind all links.</summary>
    public static FileKind Of(string path)
    {
        if (FileStatus.TryGet(path, out FileStatus status))
        {
            return OfMode(status.Mode);
        }

        if (OperatingSystem.IsMacOS() && ModeOnMac(path) is { } mode)
        {
            return OfMode(mode);
        }

        return Directory.Exists(path) ? FileKind.Folder : File.Exists(path) && !IsDeadLink(path) ? FileKind.Regular : FileKind.None;
    }

    /// <summary>What an open file is; where the system does not say, a file that can't seek counts as a pipe.</summary>
    public static FileKind Of(SafeFileHandle handle)
    {
        if (FileStatus.TryGet(handle, out FileStatus status))
        {
            return OfMode(status.Mode);
        }

        try
        {
            _ = RandomAccess.GetLength(handle);
            return FileKind.Regular;
        }
        catch (NotSupportedException)
        {
            return FileKind.Pipe;
        }
    }

    /// <summary>Refuses what can't be opened as a file can. Where there is nothing, opening it tells why.</summary>
    /// <exception cref="FileException">A pipe, a socket or a device.</exception>
    /// <exception cref="UnauthorizedAccessException">A folder.</exception>
    public static void Require(this FileKind kind, string path)
    {
        switch (kind)
        {
            case FileKind.None or FileKind.Regular:
                return;
            case FileKind.Folder:
                throw new UnauthorizedAccessException($"{path}: is a folder, expected a file");
            default:
                throw new FileException(path, $"is a {kind.ToString().ToLowerInvariant()}, expected a regular file");
        }
    }

    private static FileKind OfMode(int mode) => (mode & TypeMask) switch
    {
        0x8000 => FileKind.Regular,
        0x4000 => FileKind.Folder,
        0x1000 => FileKind.Pipe,
        0xC000 => FileKind.Socket,
        _ => FileKind.Device,
    };

    private static bool IsDeadLink(string path) => File.ResolveLinkTarget(path, returnFinalTarget: true) is { Exists: false };

    /// <summary>The mode is the 16 bits behind the 32 of the device's number.</summary>
    private static unsafe int? ModeOnMac(string path)
    {
        byte* status = stackalloc byte[256]; // struct stat has 144
        int result = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? StatOnMacX64(path, status) : StatOnMac(path, status);
        return result == 0 ? *(ushort*)(status + 4) : null;
    }

    [LibraryImport("libc", EntryPoint = "stat", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int StatOnMac(string path, byte* status);

    [LibraryImport("libc", EntryPoint = "stat$INODE64", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int StatOnMacX64(string path, byte* status);
}

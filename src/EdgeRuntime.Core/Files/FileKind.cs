using System;
using System.IO;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EdgeRuntime.Files;

/// <summary>The kinds of file system entries.</summary>
internal enum FileKind
{
    /// <summary>Nothing, or an entry that this process may not inspect.</summary>
    None,
    Regular,
    Folder,
    Pipe,
    Socket,
    Device,
}

/// <summary>Determines the kind of a file without opening it: opening a pipe blocks, and opening a device can have side effects.</summary>
internal static partial class FileKinds
{
    private const int TypeMask = 0xF000; // S_IFMT

    /// <summary>Gets the kind of the entry at a path, with symbolic links resolved.</summary>
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

    /// <summary>Gets the kind of an open file. If the system does not tell, a file that is not seekable counts as a pipe.</summary>
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

    /// <summary>Throws unless the path can be opened as a regular file. A missing file passes: opening it gives the right error.</summary>
    /// <exception cref="FileException">The entry is a folder, a pipe, a socket or a device.</exception>
    public static void Require(this FileKind kind, string path)
    {
        switch (kind)
        {
            case FileKind.None or FileKind.Regular:
                return;
            case FileKind.Folder:
                throw new FileException(path, "is a folder, expected a file");
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

    /// <summary>Reads st_mode on macOS: 16 bits after the 32-bit device number.</summary>
    private static unsafe int? ModeOnMac(string path)
    {
        byte* status = stackalloc byte[256]; // struct stat has 144 bytes
        int result = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? StatOnMacX64(path, status) : StatOnMac(path, status);
        return result == 0 ? *(ushort*)(status + 4) : null;
    }

    [LibraryImport("libc", EntryPoint = "stat", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int StatOnMac(string path, byte* status);

    [LibraryImport("libc", EntryPoint = "stat$INODE64", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int StatOnMacX64(string path, byte* status);
}

using System;
using System.IO;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EdgeRuntime.Files;

/// <summary>The metadata of a file on Linux (statx).</summary>
/// <param name="Mode">The type and the permissions, as in <c>st_mode</c>.</param>
/// <param name="Device">The device number of the file system.</param>
/// <param name="Number">The inode number.</param>
/// <param name="ByteLength">The length of a regular file in bytes.</param>
/// <param name="WriteTime">The time of the last write, in nanoseconds since 1970.</param>
/// <param name="ChangeTime">The time of the last change, in nanoseconds since 1970.</param>
internal readonly partial record struct FileStatus(int Mode, long Device, long Number, long ByteLength, long WriteTime, long ChangeTime)
{
    private const int CurrentFolder = -100; // AT_FDCWD
    private const int EmptyPath = 0x1000; // AT_EMPTY_PATH: the file of the handle
    private const uint BasicFields = 0x7ff; // STATX_BASIC_STATS
    private const int StatusBytes = 256; // size of struct statx; its offsets are the same on all processors

    /// <summary>
    /// Gets the metadata of the file at a path, with symbolic links resolved. Returns false if there is none, and on other systems.
    /// </summary>
    public static bool TryGet(string path, out FileStatus status) => TryGet(path, null, out status);

    /// <summary>Gets the metadata of an open file. Returns false on other systems.</summary>
    public static bool TryGet(SafeFileHandle handle, out FileStatus status) => TryGet("", handle, out status);

    /// <summary>Gets whether two paths lead to the same file, also through links.</summary>
    public static bool IsSameFile(string path, string other) =>
        TryGet(path, out FileStatus mine) && TryGet(other, out FileStatus its)
            ? (mine.Device, mine.Number) == (its.Device, its.Number)
            : Path.GetFullPath(path) == Path.GetFullPath(other);

    private static unsafe bool TryGet(string path, SafeFileHandle? handle, out FileStatus status)
    {
        byte* result = stackalloc byte[StatusBytes];
        bool isDone = OperatingSystem.IsLinux() && TryAsk(path, handle, result);
        status = !isDone ? default : new FileStatus(
            *(ushort*)(result + 28),
            ((long)*(uint*)(result + 136) << 32) | *(uint*)(result + 140),
            *(long*)(result + 32),
            *(long*)(result + 40),
            Time(result + 112),
            Time(result + 96));
        return isDone;
    }

    private static unsafe bool TryAsk(string path, SafeFileHandle? handle, byte* result)
    {
        try
        {
            return handle is null
                ? statx(CurrentFolder, path, 0, BasicFields, result) == 0
                : statx(handle, path, EmptyPath, BasicFields, result) == 0;
        }
        catch (EntryPointNotFoundException)
        {
            return false; // the C library is older than 2018
        }
    }

    private static unsafe long Time(byte* timestamp) => (*(long*)timestamp * 1_000_000_000) + *(uint*)(timestamp + 8);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statx(SafeFileHandle folder, string path, int flags, uint mask, byte* result);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statx(int folder, string path, int flags, uint mask, byte* result);
}

using System;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EdgeRuntime.Files;

/// <summary>What Linux says about a file without reading it (statx).</summary>
/// <param name="Mode">Type and permissions, as in <c>st_mode</c>.</param>
/// <param name="Device">Of the file system.</param>
/// <param name="Number">Of the file in its file system.</param>
/// <param name="ByteLength">Bytes of a regular file.</param>
/// <param name="WriteTime">Nanoseconds since 1970.</param>
/// <param name="ChangeTime">Nanoseconds since 1970.</param>
internal readonly partial record struct FileStatus(int Mode, long Device, long Number, long ByteLength, long WriteTime, long ChangeTime)
{
    private const int CurrentFolder = -100; // AT_FDCWD
    private const int EmptyPath = 0x1000; // AT_EMPTY_PATH: the handle itself
    private const uint BasicFields = 0x7ff; // STATX_BASIC_STATS
    private const int StatusBytes = 256; // of struct statx, with the same offsets on every processor

    /// <summary>Asks about the file that a path leads to, behind all links; false where there is none, and on other systems.</summary>
    public static bool TryGet(string path, out FileStatus status) => TryGet(path, null, out status);

    /// <summary>Asks about an open file; false on other systems.</summary>
    public static bool TryGet(SafeFileHandle handle, out FileStatus status) => TryGet("", handle, out status);

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
            return false; // a C library from before 2018
        }
    }

    private static unsafe long Time(byte* timestamp) => (*(long*)timestamp * 1_000_000_000) + *(uint*)(timestamp + 8);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statx(SafeFileHandle folder, string path, int flags, uint mask, byte* result);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statx(int folder, string path, int flags, uint mask, byte* result);
}

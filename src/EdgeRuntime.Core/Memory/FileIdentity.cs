using System;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EdgeRuntime.Memory;

/// <summary>
/// What the system says about a file without reading it. <see cref="ChangeTime"/> moves with every write and can't be set by a
/// program, unlike the time of the last write: two equal identities whose change time is known mean the same content.
/// </summary>
/// <param name="Device">Of the file system; 0 where not known.</param>
/// <param name="Number">Of the file in its file system; 0 where not known.</param>
/// <param name="ByteLength">Bytes of the file.</param>
/// <param name="WriteTime">Nanoseconds since 1970; 0 where not known.</param>
/// <param name="ChangeTime">Nanoseconds since 1970; 0 where not known (systems other than Linux).</param>
internal readonly partial record struct FileIdentity(long Device, long Number, long ByteLength, long WriteTime, long ChangeTime)
{
    // File systems stamp with their clock tick, 10 ms or less on Linux, 2 s at most elsewhere.
    private const long ClockTick = 2_000_000_000;

    /// <summary>Whether an equal identity later means unchanged content: the last change is known, and not so young that another could share its tick.</summary>
    public bool IsReliable => ChangeTime > 0 && NanosecondsNow - ChangeTime > ClockTick;

    private static long NanosecondsNow => (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100;

    /// <summary>Asks about an open file, so that no rename can come between the question and the reading.</summary>
    public static FileIdentity Of(SafeFileHandle handle, long byteLength) =>
        OperatingSystem.IsLinux() && TryStat(handle, out FileIdentity identity) ? identity : new FileIdentity(0, 0, byteLength, 0, 0);

    private static unsafe bool TryStat(SafeFileHandle handle, out FileIdentity identity)
    {
        const int EmptyPath = 0x1000; // AT_EMPTY_PATH: the handle itself
        const uint BasicFields = 0x7ff; // STATX_BASIC_STATS
        // struct statx is 256 bytes with the same offsets on every processor.
        byte* stat = stackalloc byte[256];
        identity = default;
        try
        {
            if (statx(handle, "", EmptyPath, BasicFields, stat) != 0)
            {
                return false;
            }
        }
        catch (EntryPointNotFoundException)
        {
            return false; // a C library from before 2018
        }

        long device = ((long)*(uint*)(stat + 136) << 32) | *(uint*)(stat + 140);
        identity = new FileIdentity(device, *(long*)(stat + 32), *(long*)(stat + 40), Time(stat + 112), Time(stat + 96));
        return true;
    }

    private static unsafe long Time(byte* timestamp) => (*(long*)timestamp * 1_000_000_000) + *(uint*)(timestamp + 8);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statx(SafeFileHandle folder, string path, int flags, uint mask, byte* result);
}

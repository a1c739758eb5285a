using System;
using EdgeRuntime.Files;
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
internal readonly record struct FileIdentity(long Device, long Number, long ByteLength, long WriteTime, long ChangeTime)
{
    // File systems stamp with their clock tick, 10 ms or less on Linux, 2 s at most elsewhere.
    private const long ClockTick = 2_000_000_000;

    /// <summary>Whether an equal identity later means unchanged content: the last change is known, and not so young that another could share its tick.</summary>
    public bool IsReliable => ChangeTime > 0 && NanosecondsNow - ChangeTime > ClockTick;

    private static long NanosecondsNow => (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100;

    /// <summary>Asks about an open file, so that no rename can come between the question and the reading.</summary>
    public static FileIdentity Of(SafeFileHandle handle, long byteLength) => FileStatus.TryGet(handle, out FileStatus status)
        ? new FileIdentity(status.Device, status.Number, status.ByteLength, status.WriteTime, status.ChangeTime)
        : new FileIdentity(0, 0, byteLength, 0, 0);
}

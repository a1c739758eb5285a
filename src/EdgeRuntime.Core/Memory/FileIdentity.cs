using System;
using EdgeRuntime.Files;
using Microsoft.Win32.SafeHandles;

namespace EdgeRuntime.Memory;

/// <summary>
/// Identifies the content of a file by its metadata. Every write updates <see cref="ChangeTime"/>, and no program can set it, unlike the
/// time of the last write. Equal identities with a known change time therefore mean equal content.
/// </summary>
/// <param name="Device">The device number of the file system; 0 if unknown.</param>
/// <param name="Number">The inode number; 0 if unknown.</param>
/// <param name="ByteLength">The length of the file in bytes.</param>
/// <param name="WriteTime">The time of the last write, in nanoseconds since 1970; 0 if unknown.</param>
/// <param name="ChangeTime">The time of the last change, in nanoseconds since 1970; 0 if unknown (systems other than Linux).</param>
internal readonly record struct FileIdentity(long Device, long Number, long ByteLength, long WriteTime, long ChangeTime)
{
    // The resolution of time stamps: at most 10 ms on Linux, at most 2 s elsewhere.
    private const long ClockTick = 2_000_000_000;

    /// <summary>
    /// Gets whether an equal identity in the future will mean unchanged content. This requires a known change time that is old enough that
    /// a later change cannot have the same time stamp.
    /// </summary>
    public bool IsReliable => ChangeTime > 0 && NanosecondsNow - ChangeTime > ClockTick;

    private static long NanosecondsNow => (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100;

    /// <summary>Gets the identity of an open file. The handle rules out a rename between this call and the reading.</summary>
    public static FileIdentity Of(SafeFileHandle handle, long byteLength) => FileStatus.TryGet(handle, out FileStatus status)
        ? new FileIdentity(status.Device, status.Number, status.ByteLength, status.WriteTime, status.ChangeTime)
        : new FileIdentity(0, 0, byteLength, 0, 0);
}

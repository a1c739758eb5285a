using System;
using System.IO;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Files;

/// <summary>
/// Writes new content for a file. The content goes to a temporary file in the same folder; <see cref="Commit"/> flushes it to disk and
/// renames it atomically. Without a commit (after a full disk, a size limit or a kill) the old file is unchanged. This object owns the
/// temporary file; disposing it without a commit deletes the temporary file.
/// </summary>
/// <remarks>
/// Errors are <see cref="FileException"/>s with the path as the user gave it. The next writer of the file deletes the leftovers of a killed
/// process.
/// </remarks>
internal sealed partial class FileReplacement : Stream
{
    private const int AllocationFailed = unchecked((int)0x80131620); // COR_E_IO; creating a file throws this general code for nothing else

    private readonly string _path;
    private readonly string _target;
    private readonly string? _temporary; // null: the target is not a regular file and is written directly
    private readonly bool _mustBeNew;
    private readonly FileStream _stream;
    private bool _isCommitted;

    private FileReplacement(string path, string target, bool mustBeNew, long expectedBytes, UnixFileMode? mode)
    {
        SizeLimitSignal.Ignore();
        (_path, _target, _mustBeNew) = (path, target, mustBeNew);
        TemporaryName.DeleteLeftovers(target);
        _temporary = TemporaryName.For(target);
        try
        {
            _stream = Create(_temporary, expectedBytes, mode);
        }
        catch (IOException exception) when (exception.HResult == AllocationFailed)
        {
            string problem = FormattableString.Invariant(
                $"no room for {expectedBytes} bytes: the disk is full, or no file may be so large");
            throw new FileException(path, problem, exception);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new FileException(path, $"no permission to write in its folder {Path.GetDirectoryName(target)}", exception);
        }
    }

    private FileReplacement(string path, FileStream stream) => (_path, _target, _stream) = (path, path, stream);

    /// <summary>Gets the path for other code of this process that writes the content by path instead of through this stream.</summary>
    public string ContentPath => _temporary ?? _target;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>
    /// Replaces a file that the user names. A symbolic link is kept and its target is replaced. The target keeps its permissions, but not
    /// its owner, its hard links or its access control lists. A pipe, a device or <c>/dev/stdout</c> is written directly.
    /// </summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="mustBeNew">Whether to fail if the file exists.</param>
    /// <exception cref="FileException">The file cannot be written.</exception>
    public static FileReplacement OfUser(string path, bool mustBeNew = false) => Translate(path, () =>
    {
        FileKind kind = FileKinds.Of(path);
        if (kind is FileKind.Folder || (kind is FileKind.Regular && mustBeNew))
        {
            throw new FileException(path, kind is FileKind.Folder ? "is a folder, expected a file" : FileException.Exists);
        }

        if (kind is not (FileKind.None or FileKind.Regular) || IsOpenStream(path))
        {
            return new FileReplacement(path, OpenDirectly(path, atEnd: kind is FileKind.Regular));
        }

        string target = FollowLinks(path);
        return new FileReplacement(path, target, mustBeNew, expectedBytes: 0, kind is FileKind.Regular ? CheckWritable(target) : null);
    });

    /// <summary>Replaces a file whose name this program chose. Anything with that name is replaced, including a symbolic link.</summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="expectedBytes">The expected length in bytes, so that a disk with less space fails at once; 0 if unknown.</param>
    /// <exception cref="FileException">The file cannot be written.</exception>
    public static FileReplacement OfProgram(string path, long expectedBytes = 0) =>
        Translate(path, () => new FileReplacement(path, Path.GetFullPath(path), mustBeNew: false, expectedBytes, mode: null));

    /// <summary>Flushes a complete file in the same folder to disk and renames it atomically.</summary>
    /// <exception cref="FileException">The file cannot be written.</exception>
    public static void Publish(string written, string path) => Translate(path, () =>
    {
        using (var stream = new FileStream(written, FileMode.Open, FileAccess.ReadWrite, FileShare.Read, 0))
        {
            stream.Flush(flushToDisk: true);
        }

        File.Move(written, path, overwrite: true);
        return true;
    });

    /// <summary>Completes the replacement. After this call the file has the new content.</summary>
    /// <exception cref="FileException">The file cannot be written; the old file is unchanged.</exception>
    public void Commit() => Translate(_path, () =>
    {
        _stream.Flush(flushToDisk: _temporary is not null);
        if (_temporary is not null)
        {
            // Rename while the file is open and locked: another writer must not delete it as a leftover.
            File.Move(_temporary, _target, overwrite: !_mustBeNew);
        }

        return _isCommitted = true;
    });

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            _stream.Write(buffer);
        }
        catch (Exception exception) when (FileException.IsRefusal(exception))
        {
            throw FileException.From(_path, exception);
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
        // There is no buffer to flush.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _stream.Dispose();
            if (_temporary is not null && !_isCommitted)
            {
                TryDelete(_temporary);
            }
        }

        base.Dispose(disposing);
    }

    private static T Translate<T>(string path, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception exception) when (FileException.IsRefusal(exception))
        {
            throw FileException.From(path, exception);
        }
    }

    private static FileStream Create(string temporary, long expectedBytes, UnixFileMode? mode)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite, // some network file systems only lock readable files
            Share = FileShare.ReadWrite | FileShare.Delete, // the lock is taken separately: see TemporaryName
            BufferSize = 0,
            PreallocationSize = expectedBytes,
        };
        if (mode is null || OperatingSystem.IsWindows())
        {
            return new FileStream(temporary, options);
        }

        options.UnixCreateMode = mode;
        var stream = new FileStream(temporary, options);
        File.SetUnixFileMode(stream.SafeFileHandle, mode.Value); // restores permissions that the umask removed
        return stream;
    }

    /// <summary>Throws if the file is write-protected. Renaming would not: it needs only the permissions of the folder.</summary>
    private static UnixFileMode? CheckWritable(string target)
    {
        new FileStream(target, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, 0).Dispose();
        return OperatingSystem.IsWindows() ? null : File.GetUnixFileMode(target) & ~(UnixFileMode.SetUser | UnixFileMode.SetGroup);
    }

    private static FileStream OpenDirectly(string path, bool atEnd)
    {
        SizeLimitSignal.Ignore();
        var stream = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, 0);
        if (atEnd)
        {
            stream.Seek(0, SeekOrigin.End); // keeps the content before a shell's ">>"
        }

        return stream;
    }

    /// <summary>
    /// Gets whether a path names an open stream. Such a file belongs to the process that opened it and must not be replaced.
    /// </summary>
    private static bool IsOpenStream(string path)
    {
        string full = Path.GetFullPath(path);
        return !OperatingSystem.IsWindows()
            && (full.StartsWith("/dev/std", StringComparison.Ordinal) || full.StartsWith("/dev/fd/", StringComparison.Ordinal)
                || full.StartsWith("/proc/", StringComparison.Ordinal));
    }

    private static string FollowLinks(string path)
    {
        string full = Path.GetFullPath(path);
        if (!OperatingSystem.IsWindows() && realpath(full, 0) is not 0 and nint resolved)
        {
            try
            {
                return Marshal.PtrToStringUTF8(resolved)!;
            }
            finally
            {
                free(resolved);
            }
        }

        // A dangling link, Windows, or no link.
        return new FileInfo(full).LinkTarget is null ? full : File.ResolveLinkTarget(full, returnFinalTarget: true)?.FullName ?? full;
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The next writer of the file tries again.
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint realpath(string path, nint buffer);

    [LibraryImport("libc")]
    private static partial void free(nint memory);
}

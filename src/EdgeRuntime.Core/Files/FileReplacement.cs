using System;
using System.IO;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Files;

/// <summary>
/// New content for a file. It is written under a temporary name in the same folder; <see cref="Commit"/> brings it to disk and gives it the
/// file's name in one step. Without a commit (after a full disk, a size limit or a kill at any moment) the file is as it was. Owns the
/// temporary file; disposing without a commit deletes it.
/// </summary>
/// <remarks>
/// Failures are <see cref="FileException"/>s that name the path as the user gave it. The next writer deletes what a kill leaves.
/// </remarks>
internal sealed partial class FileReplacement : Stream
{
    private const int AllocationFailed = unchecked((int)0x80131620); // the general COR_E_IO, which nothing else about creating files has

    private readonly string _path;
    private readonly string _target;
    private readonly string? _temporary; // null: the target is no regular file and is written itself
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
            string problem = FormattableString.Invariant($"no room for {expectedBytes} bytes: the disk is full, or no file may be so large");
            throw new FileException(path, problem, exception);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new FileException(path, $"no permission to write in its folder {Path.GetDirectoryName(target)}", exception);
        }
    }

    private FileReplacement(string path, FileStream stream) => (_path, _target, _stream) = (path, path, stream);

    /// <summary>Where another writer of this process may put the content instead of writing to this stream.</summary>
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
    /// Writes a file that the user names. A link stays and the file behind it is replaced; that file keeps its permissions, but not its
    /// owner, other hard links or access lists. A pipe, a device or <c>/dev/stdout</c> gets the bytes directly.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="mustBeNew">Refuses a file that is there already.</param>
    /// <exception cref="FileException">It can't be written.</exception>
    public static FileReplacement OfUser(string path, bool mustBeNew = false) => Translate(path, () =>
    {
        FileKind kind = FileKinds.Of(path);
        if (kind is FileKind.Folder || (kind is FileKind.Regular && mustBeNew))
        {
            throw new FileException(path, kind is FileKind.Folder ? "is a folder, expected a file" : "exists already");
        }

        if (kind is not (FileKind.None or FileKind.Regular) || IsOpenStream(path))
        {
            return new FileReplacement(path, OpenDirectly(path, atEnd: kind is FileKind.Regular));
        }

        string target = FollowLinks(path);
        return new FileReplacement(path, target, mustBeNew, expectedBytes: 0, kind is FileKind.Regular ? CheckWritable(target) : null);
    });

    /// <summary>Writes a file whose name this program chose; whatever has that name, a link itself included, is replaced.</summary>
    /// <param name="path">The file.</param>
    /// <param name="expectedBytes">Bytes that it will have: a disk without room for them shows at once. 0 where not known.</param>
    /// <exception cref="FileException">It can't be written.</exception>
    public static FileReplacement OfProgram(string path, long expectedBytes = 0) =>
        Translate(path, () => new FileReplacement(path, Path.GetFullPath(path), mustBeNew: false, expectedBytes, mode: null));

    /// <summary>Gives a file that is already written in full, in the same folder, its name: to disk first, then in one step.</summary>
    /// <exception cref="FileException">It can't be done.</exception>
    public static void Publish(string written, string path) => Translate(path, () =>
    {
        using (var stream = new FileStream(written, FileMode.Open, FileAccess.ReadWrite, FileShare.Read, 0))
        {
            stream.Flush(flushToDisk: true);
        }

        File.Move(written, path, overwrite: true);
        return true;
    });

    /// <summary>Ends the writing: from here on the file has the new content.</summary>
    /// <exception cref="FileException">It can't be written; the file is as it was.</exception>
    public void Commit() => Translate(_path, () =>
    {
        _stream.Flush(flushToDisk: _temporary is not null);
        if (_temporary is not null)
        {
            // While it is still open: nobody takes it for a leftover in between.
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
        // Nothing is buffered here.
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
            Access = FileAccess.ReadWrite, // some network file systems lock only what may be read
            Share = FileShare.ReadWrite | FileShare.Delete, // a lock all the same: see TemporaryName
            BufferSize = 0,
            PreallocationSize = expectedBytes,
        };
        if (mode is null || OperatingSystem.IsWindows())
        {
            return new FileStream(temporary, options);
        }

        options.UnixCreateMode = mode;
        var stream = new FileStream(temporary, options);
        File.SetUnixFileMode(stream.SafeFileHandle, mode.Value); // what the user's mask took away
        return stream;
    }

    /// <summary>Renaming asks for the folder's permission only: a file that is protected against writing must not be replaced.</summary>
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
            stream.Seek(0, SeekOrigin.End); // behind what a shell's ">>" keeps
        }

        return stream;
    }

    /// <summary>Names of streams that are open already: a file there belongs to whoever opened it, and goes on being theirs.</summary>
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

        // A link that leads nowhere yet, Windows, or no link.
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
            // The file's next writer tries again.
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint realpath(string path, nint buffer);

    [LibraryImport("libc")]
    private static partial void free(nint memory);
}

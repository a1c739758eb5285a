using System;
using System.Globalization;
using System.IO;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Files;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Cli.Downloads;

/// <summary>
/// The received part of a file, <c>TARGET.part</c>, locked against other downloads of the same file while it is open. The file
/// <c>TARGET.part.etag</c> stores the version that the part belongs to and the length of the whole file if known.
/// </summary>
internal sealed class PartFile : IDisposable
{
    /// <summary>What follows the name of the target in the name of its part.</summary>
    public const string Suffix = ".part";

    private const int MaxVersionBytes = 4096;

    /// <summary>The error codes of a locked file: EAGAIN on Linux and on macOS, a sharing violation on Windows.</summary>
    private static readonly int[] s_lockedErrors = [11, 35, unchecked((int)0x80070020)];

    private readonly string _target;
    private readonly string _path;
    private readonly string _versionPath;
    private readonly FileStream _stream;

    private PartFile(string target, FileStream stream)
    {
        _target = target;
        _path = target + Suffix;
        _versionPath = VersionPath(target);
        _stream = stream;
        _stream.Seek(0, SeekOrigin.End);
        if (_stream.Length > 0)
        {
            (Version, Total) = ReadVersion();
        }
    }

    public long Length => _stream.Length;

    /// <summary>Gets the version that the part belongs to; null if the server did not specify one.</summary>
    public FileVersion? Version { get; private set; }

    /// <summary>Gets the length of the whole file; null if unknown.</summary>
    public long? Total { get; private set; }

    /// <summary>Rewinds the part to its first byte, for checking. This object owns the stream.</summary>
    public Stream Rewind()
    {
        _stream.Position = 0;
        return _stream;
    }

    /// <inheritdoc cref="ModelHeader.TryRead"/>
    public GgufHeader? TryReadHeader(long length, string name) => ModelHeader.TryRead(_stream.SafeFileHandle, Length, length, name);

    /// <summary>Deletes the part of a target.</summary>
    /// <exception cref="CommandException">Another download has locked the part, or it is not a regular file.</exception>
    public static void Discard(string target)
    {
        using PartFile? part = LengthFor(target) > 0 ? Open(target) : null;
        part?.Delete();
    }

    /// <summary>Gets the number of bytes left by an interrupted download.</summary>
    public static long LengthFor(string target) => File.Exists(target + Suffix) ? new FileInfo(target + Suffix).Length : 0;

    /// <summary>Opens and locks the part of a target; null if the target exists already.</summary>
    /// <exception cref="CommandException">Another download has locked the part, or it is not a regular file.</exception>
    public static PartFile? Open(string target)
    {
        string path = target + Suffix;
        while (!File.Exists(target))
        {
            FileStream stream = OpenLocked(path);

            // Between opening and locking, the download that held the lock may have completed or deleted this file.
            if (File.Exists(path))
            {
                return new PartFile(target, stream);
            }

            stream.Dispose();
        }

        return null;
    }

    /// <summary>Empties the part and assigns it to a version of the file.</summary>
    public void Restart(FileVersion? version, long? total)
    {
        _stream.SetLength(0);
        File.Delete(_versionPath);
        (Version, Total) = (version, version is null ? null : total);
        if (version is not null)
        {
            using var file = FileReplacement.OfProgram(_versionPath);
            file.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{version.Text}\n{total}\n")));
            file.Commit();
        }
    }

    public async Task AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            await _stream.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            throw new CommandException($"{exception.Message}; {Length} bytes are kept, the same command goes on from there", exception);
        }
    }

    /// <summary>Renames the completed part to the target.</summary>
    public void Complete()
    {
        _stream.Flush(flushToDisk: true);
        Release(() => File.Move(_path, _target, overwrite: false));
        File.Delete(_versionPath);
    }

    /// <summary>Discards the received bytes.</summary>
    public void Delete() => _stream.SetLength(0);

    /// <summary>Keeps the received bytes for the next download; deletes an empty part.</summary>
    public void Dispose()
    {
        if (_stream.CanSeek && _stream.Length == 0)
        {
            File.Delete(_versionPath);
            Release(() => File.Delete(_path));
        }

        _stream.Dispose();
    }

    private static FileStream OpenLocked(string path)
    {
        if (new FileInfo(path).LinkTarget is not null)
        {
            throw new CommandException($"{path}: is a link, expected a regular file; remove it");
        }

        FileStream stream;
        try
        {
            FileKinds.Of(path).Require(path); // opening a FIFO would block

            // Unbuffered, so that received bytes are in the file even if this process is killed.
            stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0, useAsync: true);
        }
        catch (IOException exception) when (Array.IndexOf(s_lockedErrors, exception.HResult) >= 0)
        {
            throw new CommandException($"{path}: another download of this file is running; wait for its end", exception);
        }

        if (stream.CanSeek)
        {
            return stream;
        }

        stream.Dispose();
        throw new CommandException($"{path}: is not a regular file; remove it");
    }

    private static string VersionPath(string target) => target + Suffix + ".etag";

    private (FileVersion? Version, long? Total) ReadVersion()
    {
        string[] lines = File.Exists(_versionPath)
            ? Encoding.UTF8.GetString(RegularFile.ReadBytes(_versionPath, MaxVersionBytes)).Split('\n', StringSplitOptions.TrimEntries)
            : [];
        return lines switch
        {
            [var version, var total, ..] when long.TryParse(total, NumberStyles.None, CultureInfo.InvariantCulture, out long length)
                => (FileVersion.Parse(version), length),
            [var version, ..] => (FileVersion.Parse(version), null),
            _ => (null, null),
        };
    }

    /// <summary>
    /// Renames or deletes the part while it is locked. On Windows an open file cannot be renamed or deleted, so it is closed first.
    /// </summary>
    private void Release(Action action)
    {
        if (OperatingSystem.IsWindows())
        {
            _stream.Dispose();
        }

        action();
        _stream.Dispose();
    }
}

using System;
using System.IO;
using System.Linq;
using System.Threading;
using EdgeRuntime.Files;

namespace EdgeRuntime.Onnx.Cache;

/// <summary>
/// A folder that is deleted with this object, or at the latest at the end of the process. What a killed process left is deleted by the
/// next one. A locked file marks the folders of living processes.
/// </summary>
internal sealed class TemporaryFolder : IDisposable
{
    private const string SystemPrefix = "edgert-conversion-";
    private const string Suffix = ".edgert-tmp";
    private const string LockFile = "writing";
    private const int DeletionTries = 20;

    /// <summary>The age from which a folder without a lock is a leftover. A living process locks its new folder at once.</summary>
    private static readonly TimeSpan s_unlocked = TimeSpan.FromMinutes(1);

    private readonly string _path;
    private readonly FileStream _lock;
    private int _isDisposed;

    private TemporaryFolder(string path)
    {
        _path = path;
        _lock = Lock(Path.Combine(path, LockFile), FileMode.CreateNew);
        AppDomain.CurrentDomain.ProcessExit += DeleteAtExit;
    }

    /// <summary>Gets the path of the content: a folder that does not exist yet.</summary>
    public string Content => Path.Combine(_path, "content");

    /// <summary>Creates a folder beside another one, so that its content can be moved there.</summary>
    /// <exception cref="IOException">It can't be created.</exception>
    public static TemporaryFolder Beside(string folder)
    {
        string parent = Path.GetDirectoryName(folder)!;
        Directory.CreateDirectory(parent);
        DeleteLeftovers(parent, "*" + Suffix);
        string path = $"{folder}.{Guid.NewGuid():n}{Suffix}";
        Directory.CreateDirectory(path);
        return new TemporaryFolder(path);
    }

    /// <summary>Creates a folder among the temporary files of the system, which other users can't read.</summary>
    /// <exception cref="IOException">It can't be created.</exception>
    public static TemporaryFolder OfSystem()
    {
        DeleteLeftovers(Path.GetTempPath(), SystemPrefix + "*");
        return new TemporaryFolder(Directory.CreateTempSubdirectory(SystemPrefix).FullName);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            AppDomain.CurrentDomain.ProcessExit -= DeleteAtExit;
            _lock.Dispose();
            OnnxCache.Delete(_path);
        }
    }

    private static FileStream Lock(string path, FileMode mode) =>
        new(path, mode, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);

    private static void DeleteLeftovers(string parent, string pattern)
    {
        var accessible = new EnumerationOptions { IgnoreInaccessible = true };
        foreach (DirectoryInfo folder in new DirectoryInfo(parent).EnumerateDirectories(pattern, accessible).ToArray())
        {
            try
            {
                if (folder.LinkTarget is null && DateTime.UtcNow - folder.LastWriteTimeUtc > s_unlocked && TryUnlock(folder.FullName))
                {
                    folder.Delete(recursive: true);
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // It is being written, or belongs to another user.
            }
        }
    }

    /// <summary>
    /// Deletes the lock of a process that has ended. The folder may be anybody's, so its lock can be a link or a pipe: such a folder stays.
    /// </summary>
    /// <exception cref="IOException">A living process holds the lock.</exception>
    private static bool TryUnlock(string folder)
    {
        var file = new FileInfo(Path.Combine(folder, LockFile));
        if (file.LinkTarget is not null || FileKinds.Of(file.FullName) is not (FileKind.Regular or FileKind.None))
        {
            return false;
        }

        if (file.Exists)
        {
            Lock(file.FullName, FileMode.Open).Dispose();
        }

        return true;
    }

    /// <summary>Deletes the folder although threads may still write to it.</summary>
    private void DeleteAtExit(object? sender, EventArgs arguments)
    {
        for (int i = 0; i < DeletionTries && Directory.Exists(_path); i++)
        {
            try
            {
                Directory.Delete(_path, recursive: true);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                Thread.Sleep(1);
            }
        }
    }
}

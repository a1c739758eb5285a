using System;
using System.Buffers;
using System.IO;
using System.Linq;

namespace EdgeRuntime.Files;

/// <summary>Names under which files are written before they get their own; deletes the leftovers of processes that were killed.</summary>
internal static class TemporaryName
{
    private const string Extension = ".edgert-tmp";
    private const int Digits = 16;
    private const int StemLength = 40; // in UTF-8 at most 160 bytes, of the 255 that a name may have

    /// <summary>From its making to its locking a file is empty; it takes no process this long.</summary>
    private static readonly TimeSpan Unlocked = TimeSpan.FromMinutes(1);

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    /// <summary>A name in the same folder that nobody else has.</summary>
    public static string For(string path) =>
        Path.Combine(FolderOf(path), $"{Stem(path)}.{Guid.NewGuid().ToString("N").AsSpan(0, Digits)}{Extension}");

    /// <summary>
    /// Deletes what processes that were killed while they wrote <paramref name="path"/> have left beside it. A living writer holds a lock.
    /// </summary>
    public static void DeleteLeftovers(string path)
    {
        foreach (FileInfo leftover in FindLeftovers(path))
        {
            try
            {
                if (leftover.LinkTarget is null && (leftover.Length > 0 || DateTime.UtcNow - leftover.LastWriteTimeUtc > Unlocked))
                {
                    const FileOptions Delete = FileOptions.DeleteOnClose;
                    new FileStream(leftover.FullName, FileMode.Open, FileAccess.ReadWrite, FileShare.None, 1, Delete).Dispose();
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // In use, or somebody else's.
            }
        }
    }

    /// <summary>All at once, so that the folder is not read while it changes.</summary>
    private static FileInfo[] FindLeftovers(string path)
    {
        string stem = Stem(path);
        try
        {
            return [.. new DirectoryInfo(FolderOf(path)).EnumerateFiles($"*{Extension}").Where(file => IsFor(stem, file.Name))];
        }
        catch (UnauthorizedAccessException)
        {
            return []; // a folder that may be written but not listed
        }
    }

    private static string FolderOf(string path) => Path.GetDirectoryName(Path.GetFullPath(path))!;

    private static string Stem(string path)
    {
        string name = Path.GetFileName(path);
        int length = Math.Min(StemLength, name.Length);
        return name[..(length > 0 && char.IsHighSurrogate(name[length - 1]) ? length - 1 : length)];
    }

    private static bool IsFor(string stem, string name) =>
        name.Length == stem.Length + 1 + Digits + Extension.Length
        && name.StartsWith(stem + ".", StringComparison.Ordinal)
        && name.EndsWith(Extension, StringComparison.Ordinal)
        && !name.AsSpan(stem.Length + 1, Digits).ContainsAnyExcept(HexDigits);
}

using System;
using System.Buffers;
using System.IO;
using System.Linq;

namespace EdgeRuntime.Files;

/// <summary>Names the temporary files of writers, and deletes the leftovers of killed processes.</summary>
internal static class TemporaryName
{
    private const string Extension = ".edgert-tmp";
    private const int Digits = 16;
    private const int StemLength = 40; // at most 160 bytes of UTF-8, out of 255 for a file name

    /// <summary>
    /// The age after which an empty file counts as a leftover. The file of a live writer is empty and unlocked only for a moment.
    /// </summary>
    private static readonly TimeSpan Unlocked = TimeSpan.FromMinutes(1);

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    /// <summary>Makes a unique name in the folder of <paramref name="path"/>.</summary>
    public static string For(string path) =>
        Path.Combine(FolderOf(path), $"{Stem(path)}.{Guid.NewGuid().ToString("N").AsSpan(0, Digits)}{Extension}");

    /// <summary>
    /// Deletes temporary files of <paramref name="path"/> that killed processes left in its folder. Live writers are recognized by their
    /// lock.
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
                // The file is in use or belongs to another user.
            }
        }
    }

    /// <summary>Lists all candidates before any is deleted, so that the folder does not change while it is read.</summary>
    private static FileInfo[] FindLeftovers(string path)
    {
        string stem = Stem(path);
        try
        {
            return [.. new DirectoryInfo(FolderOf(path)).EnumerateFiles($"*{Extension}").Where(file => IsFor(stem, file.Name))];
        }
        catch (UnauthorizedAccessException)
        {
            return []; // a folder with write permission but without read permission
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

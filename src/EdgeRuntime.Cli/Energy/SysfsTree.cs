using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace EdgeRuntime.Cli.Energy;

/// <summary>Reads small text files below a root, as Linux shows its sensors in /sys.</summary>
/// <param name="root">"/sys", or a folder with a recorded tree.</param>
/// <param name="read">Reads a whole file; null for the file system's own.</param>
internal sealed class SysfsTree(string root, Func<string, string>? read = null)
{
    private readonly Func<string, string> _read = read ?? File.ReadAllText;

    /// <summary>The full path of a file or folder.</summary>
    public string PathOf(string relative) => Path.Combine(root, relative);

    /// <summary>Full paths of the entries of a folder, in the order of their numbers (hwmon2 before hwmon10); none where it does not exist.</summary>
    public IReadOnlyList<string> List(string relative)
    {
        string folder = PathOf(relative);
        return Directory.Exists(folder)
            ? [.. Directory.EnumerateFileSystemEntries(folder).OrderBy(path => path.Length).ThenBy(path => path, StringComparer.Ordinal)]
            : [];
    }

    /// <summary>A file's text without the spaces around it; null where there is no such file or the driver has no value to give.</summary>
    /// <exception cref="UnauthorizedAccessException">Only another user may read it.</exception>
    public string? ReadText(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            return _read(path).Trim();
        }
        catch (IOException)
        {
            // A sensor that is switched off answers with an error (ENODATA, EIO) instead of a text.
            return null;
        }
    }

    /// <summary>A file's whole number; null as for <see cref="ReadText"/>, or where it is no number.</summary>
    /// <exception cref="UnauthorizedAccessException">Only another user may read it.</exception>
    public long? ReadNumber(string path) =>
        long.TryParse(ReadText(path), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : null;

    /// <summary>A number that has been there before. Asked twice, because a transfer on an I2C bus fails now and then.</summary>
    /// <exception cref="EnergySensorException">It is gone.</exception>
    public long RequireNumber(string path)
    {
        try
        {
            return ReadNumber(path) ?? ReadNumber(path) ?? throw new EnergySensorException($"{path} gives no number any more");
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new EnergySensorException($"{path} can't be read any more", exception);
        }
    }
}

using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace EdgeRuntime.Cli.Energy;

/// <summary>Reads small text files below a root folder, such as Linux sensors in /sys.</summary>
/// <param name="root">"/sys", or a folder with a recorded tree.</param>
/// <param name="read">Reads a whole file; null to read from the file system.</param>
internal sealed class SysfsTree(string root, Func<string, string>? read = null)
{
    private readonly Func<string, string> _read = read ?? File.ReadAllText;

    /// <summary>Gets the full path of a file or folder.</summary>
    public string PathOf(string relative) => Path.Combine(root, relative);

    /// <summary>Lists the full paths in a folder in numeric order (hwmon2 before hwmon10); empty if the folder does not exist.</summary>
    public IReadOnlyList<string> List(string relative)
    {
        string folder = PathOf(relative);
        return Directory.Exists(folder)
            ? [.. Directory.EnumerateFileSystemEntries(folder).OrderBy(path => path.Length).ThenBy(path => path, StringComparer.Ordinal)]
            : [];
    }

    /// <summary>Reads the trimmed text of a file; null if the file does not exist or its driver has no value.</summary>
    /// <exception cref="UnauthorizedAccessException">Only another user may read the file.</exception>
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
            // Reading a sensor that is switched off fails (ENODATA, EIO).
            return null;
        }
    }

    /// <summary>Reads an integer; null if there is no text (see <see cref="ReadText"/>) or it is not a number.</summary>
    /// <exception cref="UnauthorizedAccessException">Only another user may read the file.</exception>
    public long? ReadNumber(string path) =>
        long.TryParse(ReadText(path), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : null;

    /// <summary>Reads a number that was readable before. It retries once, because transfers on an I2C bus fail occasionally.</summary>
    /// <exception cref="EnergySensorException">The number is not readable any more.</exception>
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

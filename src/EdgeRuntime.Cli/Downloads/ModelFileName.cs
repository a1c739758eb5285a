using System;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace EdgeRuntime.Cli.Downloads;

/// <summary>Derives a file name from a URL. The name is a plain name on every system, whatever the URL contains.</summary>
internal static partial class ModelFileName
{
    /// <summary>The largest number of bytes in UTF-8. File systems allow 255, and suffixes of temporary files need some of them.</summary>
    public const int MaxBytes = 200;

    public const string Extension = ".gguf";

    /// <summary>Derives the name from the last segment of a URL's path.</summary>
    /// <exception cref="FormatException">The segment is not the name of a .gguf file.</exception>
    public static string Of(Uri url) => FindFault(url, out string name) is { } fault ? throw new FormatException(fault) : name;

    /// <summary>Describes why a URL has no usable name; null if it has one.</summary>
    public static string? FindFault(Uri url, out string name)
    {
        name = MakeSafe(Uri.UnescapeDataString(url.AbsolutePath));
        int bytes = Encoding.UTF8.GetByteCount(name);
        return !name.EndsWith(Extension, StringComparison.OrdinalIgnoreCase)
            ? "expected a URL whose path ends in the name of a .gguf file"
            : bytes > MaxBytes ? $"the name of the file has {bytes} bytes, expected at most {MaxBytes}"
            : null;
    }

    /// <summary>Gets the last component of a path without characters that are special on any system or terminal.</summary>
    public static string MakeSafe(string path)
    {
        string last = path[(path.LastIndexOfAny(['/', '\\']) + 1)..];
        var name = new StringBuilder(last.Length);
        foreach (Rune rune in last.EnumerateRunes())
        {
            name.Append(IsPlain(rune) ? rune.ToString() : "_");
        }

        string trimmed = name.ToString().TrimStart('.', ' ').TrimEnd('.', ' ');
        return trimmed.StartsWith('-') || ReservedName().IsMatch(trimmed) ? "_" + trimmed : trimmed;
    }

    private static bool IsPlain(Rune rune) =>
        rune != Rune.ReplacementChar
        && !(rune.IsAscii && "<>:\"|?*".Contains((char)rune.Value, StringComparison.Ordinal))
        && Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse
            or UnicodeCategory.OtherNotAssigned);

    /// <summary>Matches the names of Windows devices, with any extension.</summary>
    [GeneratedRegex(
        @"^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\.|$)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ReservedName();
}

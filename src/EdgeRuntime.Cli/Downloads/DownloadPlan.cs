using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Cli.Downloads;

/// <summary>Plans the downloads of a URL: one file, or all parts of a split model.</summary>
internal static partial class DownloadPlan
{
    /// <summary>Plans the downloads of a URL into a folder.</summary>
    /// <param name="url">The URL of a .gguf file, or of any part of a split model.</param>
    /// <param name="folder">The target folder.</param>
    /// <param name="size">The number of bytes of the file at <paramref name="url"/>, or null.</param>
    /// <param name="sha256">No checksum, one for the file at <paramref name="url"/>, or one for each part in order.</param>
    /// <exception cref="FormatException">
    /// The URL does not name a model file, its part number is invalid, or the number of checksums is wrong.
    /// </exception>
    public static IReadOnlyList<Download> Create(Uri url, string folder, long? size, IReadOnlyList<string> sha256)
    {
        string name = ModelFileName.Of(url);
        (int number, int count) = ParseParts(url);
        if (sha256.Count > 1 && sha256.Count != count)
        {
            throw new FormatException($"found {sha256.Count} checksums, expected one, or one for each of the {count} files");
        }

        if (count == 1)
        {
            return [new Download(url, Path.Combine(folder, name), size, sha256.SingleOrDefault())];
        }

        var parts = new Download[count];
        for (int part = 1; part <= count; part++)
        {
            bool isNamed = part == number;
            Uri partUrl = isNamed ? url : UrlOfPart(url, part);
            string? sum = sha256.Count == count ? sha256[part - 1] : isNamed ? sha256.SingleOrDefault() : null;
            parts[part - 1] = new Download(partUrl, Path.Combine(folder, ModelFileName.Of(partUrl)), isNamed ? size : null, sum);
        }

        return parts;
    }

    /// <summary>Gets the number of a part, from 1, and the number of parts; both are 1 for a model in one file.</summary>
    private static (int Number, int Count) ParseParts(Uri url)
    {
        if (PartSuffix().Match(url.AbsolutePath) is not { Success: true } match)
        {
            return (1, 1);
        }

        int number = int.Parse(match.Groups["number"].ValueSpan, CultureInfo.InvariantCulture);
        int count = int.Parse(match.Groups["count"].ValueSpan, CultureInfo.InvariantCulture);
        if (match.Index == 0 || url.AbsolutePath[match.Index - 1] == '/')
        {
            throw new FormatException($"found only the number of a part ({match.Value}), expected the name of the model in front of it");
        }

        return count is >= 1 and <= GgufFile.MaxParts && number >= 1 && number <= count
            ? (number, count)
            : throw new FormatException(
                $"found part {number} of {count} ({match.Value}), expected part 1 to N of N, with N at most {GgufFile.MaxParts}");
    }

    private static Uri UrlOfPart(Uri url, int part)
    {
        string number = part.ToString("D5", CultureInfo.InvariantCulture);
        return new UriBuilder(url)
        {
            Path = PartSuffix().Replace(url.AbsolutePath, match => $"-{number}{match.Value.AsSpan(1 + number.Length)}"),
        }.Uri;
    }

    [GeneratedRegex(@"-(?<number>[0-9]{5})-of-(?<count>[0-9]{5})\.gguf$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex PartSuffix();
}

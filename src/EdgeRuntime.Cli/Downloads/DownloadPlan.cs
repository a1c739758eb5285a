using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Cli.Downloads;

/// <summary>Plans the downloads of a URL: one file, or all parts of a split model.</summary>
internal static class DownloadPlan
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
        SplitName? named = ParsePart(url);
        int count = named?.Count ?? 1;
        if (sha256.Count > 1 && sha256.Count != count)
        {
            throw new FormatException($"found {sha256.Count} checksums, expected one, or one for each of the {count} files");
        }

        if (named is null)
        {
            return [new Download(url, Path.Combine(folder, name), size, sha256.SingleOrDefault())];
        }

        var parts = new Download[count];
        for (int part = 1; part <= count; part++)
        {
            bool isNamed = part == named.Number;
            Uri partUrl = isNamed ? url : new UriBuilder(url) { Path = named.PathOf(part) }.Uri;
            string? sum = sha256.Count == count ? sha256[part - 1] : isNamed ? sha256.SingleOrDefault() : null;
            parts[part - 1] = new Download(partUrl, Path.Combine(folder, ModelFileName.Of(partUrl)), isNamed ? size : null, sum);
        }

        return parts;
    }

    /// <summary>Gets the name of the part that a URL names; null for a model in one file.</summary>
    private static SplitName? ParsePart(Uri url)
    {
        SplitName? part = SplitName.Parse(url.AbsolutePath);
        return part switch
        {
            null => null,
            _ when part.Prefix.Length == 0 || part.Prefix.EndsWith('/') => throw new FormatException(
                $"found only the number of a part ({part.Suffix}), expected the name of the model in front of it"),
            { IsValid: false } => throw new FormatException(
                $"found part {part.Number} of {part.Count} ({part.Suffix}), expected part 1 to N of N, with N at most {GgufFile.MaxParts}"),
            { Count: 1 } => null,
            _ => part,
        };
    }
}

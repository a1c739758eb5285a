using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace EdgeRuntime.Cli.Downloads.Hub;

/// <summary>Reads the JSON in which a hub lists the files of a repository.</summary>
internal static class HubListing
{
    /// <summary>Reads the .gguf files of one page of a listing.</summary>
    /// <exception cref="FormatException">The text is no listing, or holds an impossible path, size or checksum.</exception>
    public static IReadOnlyList<ModelFile> Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            IReadOnlyList<HubEntry?>? entries = JsonSerializer.Deserialize(json, HubJson.Default.IReadOnlyListHubEntry);
            return entries is null ? throw new FormatException("found null, expected a list of files") : [.. entries.SelectMany(Read)];
        }
        catch (JsonException exception)
        {
            throw new FormatException($"expected a list of files in JSON: {exception.Message}", exception);
        }
    }

    private static IEnumerable<ModelFile> Read(HubEntry? entry)
    {
        if (entry is null)
        {
            throw new FormatException("found null, expected a file");
        }

        if (entry.Type != "file" || !entry.Path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))
        {
            return [];
        }

        bool isPlain = entry.Path.Split('/').All(static part => part is not ("" or "." or "..")) && !entry.Path.Any(char.IsControl);
        if (!isPlain)
        {
            throw new FormatException($"found path {entry.Path}, expected names of folders and a file");
        }

        long? size = entry.Lfs?.Size ?? entry.Size;
        string? sha256 = entry.Lfs?.Oid;
        if (size is null or <= 0)
        {
            throw new FormatException($"{entry.Path}: found size {size}, expected 1 or more bytes");
        }

        return sha256 is null || ContentCheck.IsSha256(sha256)
            ? [new ModelFile(entry.Path, size.Value, sha256)]
            : throw new FormatException($"{entry.Path}: lfs.oid: expected the 64 hexadecimal digits of a SHA-256 checksum");
    }
}

/// <summary>A file or folder of a repository; large files have the checksum and the size of their content.</summary>
internal sealed record HubEntry(string Type, string Path, long? Size = null, HubLargeFile? Lfs = null);

internal sealed record HubLargeFile(string? Oid = null, long? Size = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(IReadOnlyList<HubEntry?>))]
internal sealed partial class HubJson : JsonSerializerContext;

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Serialization;
using EdgeRuntime.Cli.Downloads;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Files;

namespace EdgeRuntime.Cli.Models;

/// <summary>A model that <c>edgert pull</c> knows by name.</summary>
/// <param name="Name">The short name in lower case.</param>
/// <param name="Url">The URL of the file.</param>
/// <param name="Size">The number of bytes; null if not known for sure.</param>
/// <param name="Sha256">The checksum in lower-case hexadecimal; null if not known for sure.</param>
/// <param name="Licence">The SPDX identifier or the name of the licence.</param>
/// <param name="Description">One line of description.</param>
/// <param name="Architecture">The architecture as in the file ("llama"); null if not known for sure.</param>
internal sealed record CatalogueEntry(
    string Name, Uri Url, long? Size, string? Sha256, string Licence, string Description, string? Architecture = null)
{
    /// <summary>Gets the name of the local file.</summary>
    [JsonIgnore]
    public string FileName => ModelFileName.Of(Url);

    /// <summary>Describes an impossible value in the entry; null if there is none.</summary>
    public string? FindFault() => this switch
    {
        _ when Name.Length == 0 || Name.Any(char.IsControl) => "expected a name without control characters",
        _ when !WebAddress.IsWeb(Url) || !WebAddress.IsPrintable(Url)
            => $"url {WebAddress.Show(Url)}: expected an http or https URL without control characters",
        { Url.UserInfo.Length: > 0 } => $"url {WebAddress.Show(Url)}: expected a URL without user name and password",
        { Size: <= 0 } => $"size {Size}: expected 1 or more, or null",
        { Sha256: { } sum } when !ContentCheck.IsSha256(sum) => "sha256: expected 64 hexadecimal digits, or null",
        _ => ModelFileName.FindFault(Url, out _) is { } fault ? $"url {WebAddress.Show(Url)}: {fault}" : null,
    };
}

/// <summary>The models of <c>models/catalog.json</c>.</summary>
internal sealed class Catalogue
{
    /// <summary>The largest number of bytes of a catalogue file.</summary>
    public const int MaxBytes = 4 << 20;

    private Catalogue(IReadOnlyList<CatalogueEntry> entries) => Entries = entries;

    public IReadOnlyList<CatalogueEntry> Entries { get; }

    /// <summary>Loads the catalogue that is built into the command.</summary>
    public static Catalogue LoadBundled()
    {
        using Stream stream = typeof(Catalogue).Assembly.GetManifestResourceStream("catalog.json")!;
        return Read(JsonDocument.Parse(stream));
    }

    /// <summary>Loads a catalogue from a file of the same structure.</summary>
    /// <exception cref="CommandException">The file has another structure or an invalid entry.</exception>
    public static Catalogue Load(string path)
    {
        try
        {
            return Read(UserFile.Use(path, name => RegularFile.ReadJson(name, MaxBytes)));
        }
        catch (Exception exception) when (exception is JsonException or FormatException)
        {
            throw new CommandException($"{path}: not a catalogue: {exception.Message}", exception);
        }
    }

    public CatalogueEntry? Find(string name) =>
        Entries.FirstOrDefault(entry => entry.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static Catalogue Read(JsonDocument document)
    {
        using (document)
        {
            CatalogueFile? file = document.Deserialize(CatalogueJson.Default.CatalogueFile);
            return new Catalogue([.. (file?.Models ?? throw new JsonException("no list of models")).Select(Check)]);
        }
    }

    private static CatalogueEntry Check(CatalogueEntry? entry, int index)
    {
        string? fault = entry is null ? "expected a model, found null" : entry.FindFault();
        return fault is null ? entry! : throw new FormatException($"models[{index}]: {fault}");
    }
}

internal sealed record CatalogueFile(IReadOnlyList<CatalogueEntry?> Models);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(CatalogueFile))]
internal sealed partial class CatalogueJson : JsonSerializerContext;

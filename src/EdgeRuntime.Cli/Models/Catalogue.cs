using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Serialization;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Files;

namespace EdgeRuntime.Cli.Models;

/// <summary>A model that <c>edgert pull</c> knows by name.</summary>
/// <param name="Name">Short name, lower case.</param>
/// <param name="Url">Where the file lies.</param>
/// <param name="Size">Bytes; null where not known for sure.</param>
/// <param name="Sha256">Lower-case hexadecimal; null where not known for sure.</param>
/// <param name="Licence">SPDX identifier, or the licence's name.</param>
/// <param name="Description">One line.</param>
internal sealed record CatalogueEntry(string Name, Uri Url, long? Size, string? Sha256, string Licence, string Description)
{
    [JsonIgnore]
    public string FileName => Path.GetFileName(Uri.UnescapeDataString(Url.AbsolutePath));
}

/// <summary>The models of <c>models/catalog.json</c>.</summary>
internal sealed class Catalogue
{
    /// <summary>Most bytes of a catalogue's file.</summary>
    public const int MaxBytes = 4 << 20;

    private Catalogue(IReadOnlyList<CatalogueEntry> entries) => Entries = entries;

    public IReadOnlyList<CatalogueEntry> Entries { get; }

    /// <summary>The catalogue that was built into the command.</summary>
    public static Catalogue LoadBundled()
    {
        using Stream stream = typeof(Catalogue).Assembly.GetManifestResourceStream("catalog.json")!;
        return Read(JsonDocument.Parse(stream));
    }

    /// <summary>A catalogue of the same shape.</summary>
    public static Catalogue Load(string path)
    {
        try
        {
            return Read(UserFile.Use(path, name => RegularFile.ReadJson(name, MaxBytes)));
        }
        catch (JsonException exception)
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
            return new(document.Deserialize(CatalogueJson.Default.CatalogueFile)?.Models ?? throw new JsonException("no list of models"));
        }
    }
}

internal sealed record CatalogueFile(IReadOnlyList<CatalogueEntry> Models);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(CatalogueFile))]
internal sealed partial class CatalogueJson : JsonSerializerContext;

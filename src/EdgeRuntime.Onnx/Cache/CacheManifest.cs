using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using EdgeRuntime.Files;
using EdgeRuntime.Memory;

namespace EdgeRuntime.Onnx.Cache;

/// <summary>A file of a cached folder.</summary>
/// <param name="Name">The name.</param>
/// <param name="Bytes">The length in bytes.</param>
/// <param name="Checksum">The checksum of the content.</param>
/// <param name="Identity">The identity of the file when it had this checksum; all zero if that says nothing.</param>
internal sealed record CacheFile(string Name, long Bytes, ulong Checksum, FileIdentity Identity);

/// <summary>
/// Describes a cached folder: which model it was made of, for which runtime and device, and what its files contain. It is written last, so
/// that a folder without it is incomplete.
/// </summary>
/// <param name="ModelPath">The full path of the model.</param>
/// <param name="ModelHash">The checksum of the model's content.</param>
/// <param name="Parts">The identities of the model's files; all zero where they say nothing.</param>
/// <param name="Runtime">The version of ONNX Runtime.</param>
/// <param name="Profile">The settings of the device.</param>
/// <param name="Files">The files.</param>
/// <param name="IsSplitChecked">Whether the folder was also checked together with the built-in engine.</param>
internal sealed record CacheManifest(
    string ModelPath, ulong ModelHash, IReadOnlyList<FileIdentity> Parts, string Runtime, string Profile, IReadOnlyList<CacheFile> Files,
    bool IsSplitChecked = false)
{
    /// <summary>The name of the file in the folder.</summary>
    public const string FileName = "edgert-cache.json";

    private const string SplitKey = "split_checked";
    private const string ChecksumKey = "checksum";
    private const int MaxBytes = 1 << 20;

    /// <summary>Gets the name of the device.</summary>
    public string Device => Profile.Split(':')[0];

    /// <summary>Reads the manifest of a folder.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    /// <exception cref="IOException">It can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied.</exception>
    public static CacheManifest Read(string folder)
    {
        try
        {
            using JsonDocument json = RegularFile.ReadJson(Path.Combine(folder, FileName), MaxBytes);
            JsonElement root = json.RootElement;
            RequireChecksum(JsonObject.Create(root) ?? throw new FormatException("no object"));
            return new CacheManifest(
                root.GetProperty("model").GetString()!,
                Hash(root.GetProperty("model_hash").GetString()),
                [.. root.GetProperty("parts").EnumerateArray().Select(ReadIdentity)],
                root.GetProperty("runtime").GetString()!,
                root.GetProperty("profile").GetString()!,
                [.. root.GetProperty("files").EnumerateArray().Select(ReadFile)],
                root.TryGetProperty(SplitKey, out JsonElement split) && split.GetBoolean());
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException
            or FormatException or OverflowException or IndexOutOfRangeException)
        {
            throw new InvalidDataException($"its {FileName} is damaged", exception);
        }
    }

    /// <summary>Writes the manifest of a folder.</summary>
    /// <exception cref="IOException">It can't be written.</exception>
    public void Write(string folder)
    {
        var root = new JsonObject
        {
            ["model"] = ModelPath,
            ["model_hash"] = Text(ModelHash),
            ["parts"] = new JsonArray([.. Parts.Select(WriteIdentity)]),
            ["runtime"] = Runtime,
            ["profile"] = Profile,
            ["files"] = new JsonArray([.. Files.Select(static file => (JsonNode)new JsonObject
            {
                ["name"] = file.Name,
                ["bytes"] = file.Bytes,
                ["checksum"] = Text(file.Checksum),
                ["identity"] = WriteIdentity(file.Identity),
            })]),
        };
        if (IsSplitChecked)
        {
            root[SplitKey] = true;
        }

        root[ChecksumKey] = Text(ChecksumOf(root));
        using FileReplacement replacement = FileReplacement.OfProgram(Path.Combine(folder, FileName));
        using (var writer = new Utf8JsonWriter(replacement))
        {
            root.WriteTo(writer);
        }

        replacement.Commit();
    }

    private static void RequireChecksum(JsonObject root)
    {
        ulong expected = Hash(root[ChecksumKey]?.GetValue<string>());
        root.Remove(ChecksumKey);
        if (ChecksumOf(root) != expected)
        {
            throw new FormatException("a wrong checksum");
        }
    }

    private static ulong ChecksumOf(JsonObject root) => Checksum.Compute(Encoding.UTF8.GetBytes(root.ToJsonString()));

    private static string Text(ulong hash) => hash.ToString("x16", CultureInfo.InvariantCulture);

    private static ulong Hash(string? text) => ulong.Parse(text ?? "", NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private static CacheFile ReadFile(JsonElement file)
    {
        string name = file.GetProperty("name").GetString() ?? "";
        return name.Length > 0 && name == Path.GetFileName(name)
            ? new CacheFile(
                name, file.GetProperty("bytes").GetInt64(), Hash(file.GetProperty("checksum").GetString()),
                ReadIdentity(file.GetProperty("identity")))
            : throw new FormatException("no name of a file");
    }

    private static FileIdentity ReadIdentity(JsonElement part) => new(
        part[0].GetInt64(), part[1].GetInt64(), part[2].GetInt64(), part[3].GetInt64(), part[4].GetInt64());

    private static JsonNode WriteIdentity(FileIdentity part) =>
        new JsonArray(part.Device, part.Number, part.ByteLength, part.WriteTime, part.ChangeTime);
}

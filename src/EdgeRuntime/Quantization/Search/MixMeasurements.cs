using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using EdgeRuntime.Files;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using EdgeRuntime.Json;

namespace EdgeRuntime.Quantization.Search;

/// <summary>What a search has measured, kept in a JSON file if it has a path. The file belongs to a model, a text and a matrix.</summary>
internal sealed class MixMeasurements
{
    private const int Version = 2;
    private const int MaxFileBytes = 64 << 20;

    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(5);

    private readonly string? _path;
    private readonly string _fingerprint;
    private long _saved = Stopwatch.GetTimestamp();
    private bool _isChanged;

    private MixMeasurements(string? path, string fingerprint) => (_path, _fingerprint) = (path, fingerprint);

    /// <summary>Gets the relative squared errors of types on the weights of tensors.</summary>
    public Dictionary<(string Tensor, TensorType Type), double> Errors { get; } = [];

    /// <summary>Gets the divergences of the model with only that tensor in that type, in nats.</summary>
    public Dictionary<(string Tensor, TensorType Type), double> Divergences { get; } = [];

    /// <summary>Gets the divergences of whole mixes by the hash of their types, in nats.</summary>
    public Dictionary<string, double> Mixes { get; } = [];

    /// <summary>Reads the measurements of an earlier search, if there are any.</summary>
    /// <exception cref="ModelFormatException">The file is damaged, or it belongs to something else.</exception>
    /// <exception cref="IOException">The file can't be read.</exception>
    public static MixMeasurements Open(string? path, string fingerprint)
    {
        var measurements = new MixMeasurements(path, fingerprint);
        if (path is not null && FileKinds.Of(path) != FileKind.None)
        {
            measurements.Read(JsonField.Read(path, MaxFileBytes, "measurements by MixSearch.Run"));
        }

        return measurements;
    }

    /// <summary>Computes a name for what is measured.</summary>
    public static string Fingerprint(GgufFile model, IReadOnlyList<int[]> chunks, ImportanceMatrix? importance)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (GgufPart part in model.Parts)
        {
            long changed = File.GetLastWriteTimeUtc(part.Path).Ticks;
            string facts = FormattableString.Invariant($"{Path.GetFileName(part.Path)}|{part.ByteLength}|{changed}|");
            hash.AppendData(Encoding.UTF8.GetBytes(facts));
        }

        foreach (int[] chunk in chunks)
        {
            hash.AppendData(MemoryMarshal.AsBytes(chunk.AsSpan()));
        }

        foreach (string name in importance?.Tensors ?? [])
        {
            importance!.TryGet(name, out ReadOnlyMemory<float> values);
            hash.AppendData(Encoding.UTF8.GetBytes(name));
            hash.AppendData(MemoryMarshal.AsBytes(values.Span));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }

    /// <summary>Gets a measurement, or measures and keeps it. The file is written now and then.</summary>
    public double GetOrAdd<TKey>(Dictionary<TKey, double> values, TKey key, Func<double> measure)
        where TKey : notnull
    {
        if (!values.TryGetValue(key, out double value))
        {
            value = values[key] = measure();
            _isChanged = true;
            if (Stopwatch.GetElapsedTime(_saved) >= s_interval)
            {
                Save();
            }
        }

        return value;
    }

    /// <summary>Writes the file, if there is something new.</summary>
    /// <exception cref="IOException">The file can't be written.</exception>
    public void Save()
    {
        _saved = Stopwatch.GetTimestamp();
        if (_path is null || !_isChanged)
        {
            return;
        }

        using var file = FileReplacement.OfUser(_path);
        using (var json = new Utf8JsonWriter(file, MixPlan.JsonOptions))
        {
            Write(json);
        }

        file.Commit();
        _isChanged = false;
    }

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("version", Version);
        json.WriteString("of", _fingerprint);
        json.WriteString("check", Check());
        WriteTable(json, "errors", Errors);
        WriteTable(json, "divergences", Divergences);
        json.WriteStartObject("mixes");
        foreach ((string mix, double value) in Mixes)
        {
            json.WriteNumber(mix, value);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteTable(Utf8JsonWriter json, string name, Dictionary<(string Tensor, TensorType Type), double> values)
    {
        json.WriteStartObject(name);
        foreach (var tensor in values.GroupBy(static pair => pair.Key.Tensor))
        {
            json.WriteStartObject(tensor.Key);
            foreach (((string _, TensorType type), double value) in tensor)
            {
                json.WriteNumber(type.ToString(), value);
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private void Read(JsonField root)
    {
        if (root["version"].GetInteger() != Version)
        {
            throw root["version"].Wrong(Version.ToString(CultureInfo.InvariantCulture));
        }

        if (root["of"].GetText() != _fingerprint)
        {
            throw new ModelFormatException(
                _path!, -1, "keeps measurements of another model, text or importance matrix; name another file or delete it");
        }

        ReadTable(root["errors"], Errors);
        ReadTable(root["divergences"], Divergences);
        foreach ((string mix, JsonField value) in root["mixes"].Members())
        {
            Mixes[mix] = value.GetNumber();
        }

        if (root["check"].GetText() != Check())
        {
            throw new ModelFormatException(_path!, -1, "holds other measurements than were written; the file is damaged; delete it");
        }
    }

    /// <summary>Computes a sum of all values, so that a damaged file is refused.</summary>
    private string Check()
    {
        IEnumerable<string> lines = Errors.Select(static pair => Line("error", pair.Key, pair.Value))
            .Concat(Divergences.Select(static pair => Line("divergence", pair.Key, pair.Value)))
            .Concat(Mixes.Select(static pair => Line("mix", pair.Key, pair.Value)));
        string text = string.Concat(lines.Order(StringComparer.Ordinal));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));

        static string Line(string kind, object key, double value) => FormattableString.Invariant($"{kind} {key} {value:R}\n");
    }

    private static void ReadTable(JsonField table, Dictionary<(string Tensor, TensorType Type), double> values)
    {
        foreach ((string tensor, JsonField types) in table.Members())
        {
            foreach ((string type, JsonField value) in types.Members())
            {
                values[(tensor, MixPlan.ParseType(type) ?? throw value.Wrong("the name of a tensor type as key"))] = value.GetNumber();
            }
        }
    }
}

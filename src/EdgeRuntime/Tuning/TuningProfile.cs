using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Encodings.Web;
using System.Text.Json;
using EdgeRuntime.Files;
using EdgeRuntime.Kernels;
using EdgeRuntime.Threading;

namespace EdgeRuntime.Tuning;

/// <summary>The result of <see cref="ModelTuner"/> for a model on a machine, stored as a small JSON file.</summary>
public sealed class TuningProfile
{
    /// <summary>The version of the file format.</summary>
    internal const int FormatVersion = 1;

    /// <summary>The largest accepted batch. Scratch memory grows with the batch.</summary>
    internal const int MaxBatchTokens = 8192;

    /// <summary>The largest accepted length of a file in bytes.</summary>
    internal const int MaxFileBytes = 1 << 20;

    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal TuningProfile(TuningKey key, TuningChoice choice, IReadOnlyList<TuningMeasurement> measurements) =>
        (Key, Choice, Measurements) = (key, choice, measurements);

    /// <summary>Gets the settings.</summary>
    public TuningChoice Choice { get; }

    /// <summary>Gets the measurements that led to the settings.</summary>
    public IReadOnlyList<TuningMeasurement> Measurements { get; }

    /// <summary>Gets the machine and the model shape of the profile.</summary>
    internal TuningKey Key { get; }

    /// <summary>Writes the file atomically and creates a missing folder.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        using var file = FileReplacement.OfProgram(path);
        using (var json = new Utf8JsonWriter(file, Indented))
        {
            Write(json);
        }

        file.Commit();
    }

    /// <summary>Reads a file and validates everything in it.</summary>
    /// <exception cref="InvalidDataException">
    /// The file is not a profile of this version, or a value is invalid; the message names it.
    /// </exception>
    /// <exception cref="IOException">The file cannot be read, is not a regular file, or is too large for a profile.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied.</exception>
    public static TuningProfile Load(string path)
    {
        try
        {
            using JsonDocument document = RegularFile.ReadJson(path, MaxFileBytes);
            return Read(document.RootElement);
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"not valid JSON: {exception.Message}", exception);
        }
        catch (Exception exception) when (exception is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"not a tuning profile: {exception.Message}", exception);
        }
    }

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("version", FormatVersion);
        json.WriteString("runtime", Key.Runtime);
        json.WriteStartObject("machine");
        json.WriteString("processor", Key.Processor);
        json.WriteNumber("cores", Key.Cores);
        json.WriteStartArray("instruction_sets");
        foreach (string name in Key.InstructionSets)
        {
            json.WriteStringValue(name);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteStartObject("model");
        json.WriteString("architecture", Key.Architecture);
        json.WriteString("shape", Key.ModelShape);
        json.WriteEndObject();
        json.WriteStartObject("choice");
        json.WriteNumber("threads", Choice.Threads);
        json.WriteString("isa_prefill", Choice.PrefillInstructionSet);
        json.WriteString("isa_decode", Choice.DecodeInstructionSet);
        json.WriteString("kv_type", NameOf(Choice.KvCacheType));
        json.WriteNumber("batch_tokens", Choice.BatchTokens);
        json.WriteEndObject();
        json.WriteStartArray("measurements");
        foreach (TuningMeasurement measurement in Measurements)
        {
            WriteMeasurement(json, measurement);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteMeasurement(Utf8JsonWriter json, TuningMeasurement measurement)
    {
        json.WriteStartObject();
        json.WriteString("step", measurement.Step);
        json.WriteString("setting", measurement.Setting);
        if (measurement.PrefillTokensPerSecond is { } prefill)
        {
            json.WriteNumber("prefill_ts", Math.Round(prefill, 3));
        }

        if (measurement.DecodeTokensPerSecond is { } decode)
        {
            json.WriteNumber("decode_ts", Math.Round(decode, 3));
        }

        json.WriteBoolean("chosen", measurement.IsChosen);
        json.WriteEndObject();
    }

    private static TuningProfile Read(JsonElement root)
    {
        int version = root.GetProperty("version").GetInt32();
        if (version != FormatVersion)
        {
            throw new InvalidDataException(FormattableString.Invariant($"version {version}; expected {FormatVersion}"));
        }

        JsonElement machine = root.GetProperty("machine");
        JsonElement model = root.GetProperty("model");
        var key = new TuningKey(
            Text(machine, "processor"),
            machine.GetProperty("cores").GetInt32(),
            [.. machine.GetProperty("instruction_sets").EnumerateArray().Select(name => name.GetString() ?? "")],
            Text(model, "architecture"),
            Text(model, "shape"),
            Text(root, "runtime"));
        JsonElement choice = root.GetProperty("choice");
        return new TuningProfile(
            key,
            new TuningChoice(
                Number(choice, "threads", WorkerPool.MaxThreads),
                IsaName(choice, "isa_prefill"),
                IsaName(choice, "isa_decode"),
                ParseKvType(Text(choice, "kv_type")),
                Number(choice, "batch_tokens", MaxBatchTokens)),
            [.. root.GetProperty("measurements").EnumerateArray().Select(ReadMeasurement)]);
    }

    private static TuningMeasurement ReadMeasurement(JsonElement json) => new(
        Text(json, "step"),
        Text(json, "setting"),
        json.TryGetProperty("prefill_ts", out JsonElement prefill) ? prefill.GetDouble() : null,
        json.TryGetProperty("decode_ts", out JsonElement decode) ? decode.GetDouble() : null,
        json.GetProperty("chosen").GetBoolean());

    private static string Text(JsonElement json, string name) =>
        json.GetProperty(name).GetString() ?? throw new InvalidDataException($"{name}: expected a text");

    private static int Number(JsonElement json, string name, int maximum)
    {
        int number = json.GetProperty(name).GetInt32();
        return number >= 1 && number <= maximum
            ? number
            : throw new InvalidDataException(FormattableString.Invariant($"{name} {number}: expected 1 to {maximum}"));
    }

    private static string IsaName(JsonElement json, string property)
    {
        string name = Text(json, property);
        return InstructionSet.All.Any(set => set.IsSupported && set.Name == name)
            ? name
            : throw new InvalidDataException($"{property} '{name}': not on this machine");
    }

    private static KvCacheType ParseKvType(string name)
    {
        KvCacheType[] all = Enum.GetValues<KvCacheType>();
        int found = Array.FindIndex(all, type => NameOf(type) == name);
        return found >= 0
            ? all[found]
            : throw new InvalidDataException($"kv_type '{name}': expected {string.Join(", ", all.Select(NameOf))}");
    }

    private static string NameOf(KvCacheType type) => type.ToString().ToLowerInvariant();
}

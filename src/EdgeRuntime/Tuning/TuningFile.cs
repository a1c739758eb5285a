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

/// <summary>
/// The file of what was measured for a model shape on a machine. Settings and the choice of a device are measured apart from each other, so
/// each may be missing, and saving one keeps the other.
/// </summary>
/// <param name="Key">The machine and the model shape.</param>
/// <param name="Settings">The settings of the built-in engine, or null.</param>
/// <param name="Device">The fastest device, or null.</param>
internal sealed record TuningFile(TuningKey Key, TuningProfile? Settings, DeviceTuning? Device)
{
    /// <summary>The version of the file format.</summary>
    public const int FormatVersion = 1;

    /// <summary>The largest accepted batch. Scratch memory grows with the batch.</summary>
    public const int MaxBatchTokens = 8192;

    /// <summary>The largest accepted length of a file in bytes.</summary>
    public const int MaxFileBytes = 1 << 20;

    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <inheritdoc cref="TuningProfile.Save"/>
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

    /// <inheritdoc cref="TuningProfile.Load"/>
    public static TuningFile Load(string path)
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

    /// <summary>Reads the file of the same machine and model shape that a new one is going to replace.</summary>
    /// <returns>Null if there is no such file, or it can't be used.</returns>
    public static TuningFile? FindReplaced(string path, TuningKey key)
    {
        try
        {
            return File.Exists(path) && Load(path) is { } found && key.DifferenceTo(found.Key) is null ? found : null;
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return null;
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
        WriteTexts(json, "instruction_sets", Key.InstructionSets);
        json.WriteEndObject();
        json.WriteStartObject("model");
        json.WriteString("architecture", Key.Architecture);
        json.WriteString("shape", Key.ModelShape);
        json.WriteEndObject();
        if (Settings is not null)
        {
            WriteChoice(json, Settings.Choice);
            WriteMeasurements(json, Settings.Measurements);
        }

        if (Device is not null)
        {
            json.WriteStartObject("device");
            json.WriteString("onnxruntime", Device.Runtime);
            WriteTexts(json, "candidates", Device.Candidates);
            WriteMeasurements(json, Device.Measurements);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }

    private static void WriteChoice(Utf8JsonWriter json, TuningChoice choice)
    {
        json.WriteStartObject("choice");
        json.WriteNumber("threads", choice.Threads);
        json.WriteString("isa_prefill", choice.PrefillInstructionSet);
        json.WriteString("isa_decode", choice.DecodeInstructionSet);
        json.WriteString("kv_type", NameOf(choice.KvCacheType));
        json.WriteNumber("batch_tokens", choice.BatchTokens);
        json.WriteEndObject();
    }

    private static void WriteMeasurements(Utf8JsonWriter json, IReadOnlyList<TuningMeasurement> measurements)
    {
        json.WriteStartArray("measurements");
        foreach (TuningMeasurement measurement in measurements)
        {
            WriteMeasurement(json, measurement);
        }

        json.WriteEndArray();
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

    private static TuningFile Read(JsonElement root)
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
            Texts(machine, "instruction_sets"),
            Text(model, "architecture"),
            Text(model, "shape"),
            Text(root, "runtime"));
        TuningProfile? settings = root.TryGetProperty("choice", out JsonElement choice)
            ? new TuningProfile(key, ReadChoice(choice), ReadMeasurements(root))
            : null;
        DeviceTuning? device = root.TryGetProperty("device", out JsonElement json) ? ReadDevice(json) : null;
        return settings is null && device is null
            ? throw new InvalidDataException("not a tuning profile: it has neither a choice of settings nor a device")
            : new TuningFile(key, settings, device);
    }

    private static TuningChoice ReadChoice(JsonElement choice) => new(
        Number(choice, "threads", WorkerPool.MaxThreads),
        IsaName(choice, "isa_prefill"),
        IsaName(choice, "isa_decode"),
        ParseKvType(Text(choice, "kv_type")),
        Number(choice, "batch_tokens", MaxBatchTokens));

    private static DeviceTuning ReadDevice(JsonElement json)
    {
        var device = new DeviceTuning(Text(json, "onnxruntime"), Texts(json, "candidates"), ReadMeasurements(json));
        return device.Measurements.Count(static measurement => measurement.IsChosen) == 1
            ? device
            : throw new InvalidDataException("device: expected exactly one measurement that is chosen");
    }

    private static string[] Texts(JsonElement json, string name) =>
        [.. json.GetProperty(name).EnumerateArray().Select(static text => text.GetString() ?? "")];

    private static TuningMeasurement[] ReadMeasurements(JsonElement json) =>
        [.. json.GetProperty("measurements").EnumerateArray().Select(ReadMeasurement)];

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

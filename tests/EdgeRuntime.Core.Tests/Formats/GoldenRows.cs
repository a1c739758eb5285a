using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text.Json;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Core.Tests.Formats;

/// <summary>The rows that ggml quantized and dequantized; tests/data/README.md has the format.</summary>
internal static class GoldenRows
{
    private static readonly Dictionary<string, byte[]> _entries = ReadEntries();

    /// <summary>One quantization of one input.</summary>
    /// <param name="Type">The type.</param>
    /// <param name="Input">"real" or "synthetic".</param>
    /// <param name="HasImportance">Whether it was made with an importance matrix.</param>
    /// <param name="WeightsHash">SHA-256 of the dequantized weights.</param>
    public sealed record Case(TensorType Type, string Input, bool HasImportance, string WeightsHash)
    {
        public string Name => $"{Type.ToString().ToLowerInvariant()}_{Input}{(HasImportance ? "_imatrix" : string.Empty)}";

        public byte[] Blocks => _entries[Name + ".q"];

        /// <summary>The dequantized weights, or null where only their hash is known.</summary>
        public float[]? Weights => _entries.TryGetValue(Name + ".deq.f32", out byte[]? bytes) ? ToSingles(bytes) : null;

        /// <summary>The weights before quantization.</summary>
        public float[] Source =>
            ToSingles(_entries.Single(entry => entry.Key.StartsWith($"input_{Input}_", StringComparison.Ordinal)).Value);

        public override string ToString() => Name;
    }

    public static IReadOnlyList<Case> All { get; } = ReadCases();

    private static float[] ToSingles(byte[] bytes) => MemoryMarshal.Cast<byte, float>(bytes).ToArray();

    private static List<Case> ReadCases()
    {
        using var manifest = JsonDocument.Parse(_entries["manifest.json"]);
        return
        [
            .. manifest.RootElement.EnumerateArray().Select(entry => new Case(
                (TensorType)entry.GetProperty("ggml_type").GetUInt32(),
                entry.GetProperty("input").GetString()!,
                entry.GetProperty("imatrix").GetBoolean(),
                entry.GetProperty("deq_sha256").GetString()!)),
        ];
    }

    private static Dictionary<string, byte[]> ReadEntries()
    {
        using ZipArchive archive = ZipFile.OpenRead(Path.Combine(AppContext.BaseDirectory, "quantization.zip"));
        return archive.Entries.ToDictionary(entry => entry.FullName, Read);
    }

    private static byte[] Read(ZipArchiveEntry entry)
    {
        byte[] bytes = new byte[entry.Length];
        using Stream stream = entry.Open();
        stream.ReadExactly(bytes);
        return bytes;
    }
}

using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text.Json;
using EdgeRuntime.Formats;
using EdgeRuntime.TestSupport;

namespace EdgeRuntime.Core.Tests.Formats;

/// <summary>The rows that ggml quantized and dequantized; tests/data/README.md has the format.</summary>
internal static class GoldenRows
{
    private static string Folder => SharedData.Require("conformance/quantization");

    /// <summary>One quantization of one input.</summary>
    /// <param name="Type">The type.</param>
    /// <param name="Input">"real" or "synthetic".</param>
    /// <param name="HasImportance">Whether it was made with an importance matrix.</param>
    /// <param name="WeightsHash">SHA-256 of the dequantized weights.</param>
    public sealed record Case(TensorType Type, string Input, bool HasImportance, string WeightsHash)
    {
        public string Name => $"{Type.ToString().ToLowerInvariant()}_{Input}{(HasImportance ? "_imatrix" : string.Empty)}";

        public byte[] Blocks => File.ReadAllBytes(Path.Combine(Folder, Name + ".q"));

        /// <summary>The dequantized weights, or null where only their hash is known.</summary>
        public float[]? Weights => Path.Combine(Folder, Name + ".deq.f32") is var path && File.Exists(path) ? ReadSingles(path) : null;

        /// <summary>The weights before quantization.</summary>
        public float[] Source => ReadSingles(Directory.GetFiles(Folder, $"input_{Input}_*").Single());

        /// <summary>The importance of each column, or empty.</summary>
        public float[] Importance => HasImportance ? ReadSingles(Path.Combine(Folder, "imatrix_256.f32")) : [];

        public override string ToString() => Name;
    }

    public const int Columns = 256;

    public static IReadOnlyList<Case> All { get; } = ReadCases();

    private static float[] ReadSingles(string path) => MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(path)).ToArray();

    private static List<Case> ReadCases()
    {
        using var manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "manifest.json")));
        return
        [
            .. manifest.RootElement.EnumerateArray().Select(entry => new Case(
                (TensorType)entry.GetProperty("ggml_type").GetUInt32(),
                entry.GetProperty("input").GetString()!,
                entry.GetProperty("imatrix").GetBoolean(),
                entry.GetProperty("deq_sha256").GetString()!)),
        ];
    }
}

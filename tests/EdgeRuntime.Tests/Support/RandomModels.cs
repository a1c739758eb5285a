using System;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using EdgeRuntime.TestSupport;

namespace EdgeRuntime.Tests.Support;

/// <summary>
/// Models of every family with random weights. The repository has the head of each file and its reference logits; the weights follow from
/// the names of the tensors. <c>tests/data/random_models.py</c> and <c>random_encoders.py</c> make the same files.
/// </summary>
internal static class RandomModels
{
    /// <summary>The folder of models that make embeddings only.</summary>
    public const string Encoders = "conformance/random-encoders";

    private const string Folder = "conformance/random-models";

    /// <summary>A prime, so that the rows of no matrix are the same.</summary>
    private const int Period = 1_048_573;

    private static readonly ConcurrentDictionary<string, Lazy<string>> s_files = new(StringComparer.Ordinal);
    private static readonly Lazy<float[]> s_values = new(MakeValues);
    private static readonly Lazy<Half[]> s_halves = new(static () => Array.ConvertAll(s_values.Value, static value => (Half)value));

    /// <summary>Gets the names of all models: those of llama.cpp's architecture test.</summary>
    public static string[] Names() =>
        [.. SharedData.RequireFiles(Folder, "*.head").Select(static path => Path.GetFileNameWithoutExtension(path)!)];

    /// <summary>Gets the path of the reference logits of a model.</summary>
    public static string LogitsOf(string name) => SharedData.Require($"{Folder}/{name}.logits");

    /// <summary>Gets the path of a model that is made once for the process and shared by its tests.</summary>
    public static string PathOf(string name, string folder = Folder) => s_files.GetOrAdd($"{folder}/{name}", _ => new Lazy<string>(() =>
    {
        string path = Path.ChangeExtension(SharedData.Require($"{folder}/{name}.head"), ".gguf");
        Make(name, path, folder);
        return path;
    })).Value;

    /// <summary>Writes a model to a file.</summary>
    public static void Make(string name, string path, string folder = Folder)
    {
        ReadOnlySpan<byte> head = File.ReadAllBytes(SharedData.Require($"{folder}/{name}.head"));
        using (FileStream file = File.Create(path))
        {
            file.Write(head[..^sizeof(long)]);
            file.SetLength(BinaryPrimitives.ReadInt64LittleEndian(head[^sizeof(long)..]));
        }

        (long Offset, byte[] Weights)[] tensors;
        using (GgufFile model = GgufFile.Open(path))
        {
            tensors = [.. model.Tensors.Select(static tensor => (tensor.FileOffset, Weights(tensor)))];
        }

        using FileStream target = File.OpenWrite(path);
        foreach ((long offset, byte[] weights) in tensors)
        {
            target.Position = offset;
            target.Write(weights);
        }
    }

    /// <summary>
    /// Makes the weights of a tensor: the values from a place that its name tells. State decays, so A is negative; rope factors are above
    /// 1.
    /// </summary>
    private static byte[] Weights(GgufTensor tensor)
    {
        int place = (int)(Hash(tensor.Name) % Period);
        byte[] weights = new byte[tensor.ByteLength];
        if (tensor.Type == TensorType.F16)
        {
            Fill(MemoryMarshal.Cast<byte, Half>(weights.AsSpan()), s_halves.Value, place);
            return weights;
        }

        Span<float> floats = MemoryMarshal.Cast<byte, float>(weights.AsSpan());
        Fill(floats, s_values.Value, place);
        bool isDecay = tensor.Name.Contains("ssm_a", StringComparison.Ordinal);
        bool isRopeFactor = tensor.Name.StartsWith("rope_f", StringComparison.Ordinal);
        for (int i = 0; i < floats.Length && (isDecay || isRopeFactor); i++)
        {
            floats[i] = isDecay ? -Math.Abs(floats[i]) : 1 + Math.Abs(floats[i]);
        }

        return weights;
    }

    private static void Fill<T>(Span<T> weights, ReadOnlySpan<T> values, int place)
    {
        while (!weights.IsEmpty)
        {
            ReadOnlySpan<T> next = values[place..];
            next = next[..Math.Min(next.Length, weights.Length)];
            next.CopyTo(weights);
            weights = weights[next.Length..];
            place = 0;
        }
    }

    /// <summary>Makes multiples of 2^-13 up to 0.17, without 0: F16 holds them exactly, and their deviation is 0.1.</summary>
    private static float[] MakeValues()
    {
        float[] values = new float[Period];
        for (int i = 0; i < values.Length; i++)
        {
            int numerator = (int)(Mix((ulong)i) % 2839) - 1419;
            values[i] = (numerator == 0 ? 1 : numerator) / 8192f;
        }

        return values;
    }

    /// <summary>SplitMix64 (Steele, Lea, Flood 2014): the value of a counter.</summary>
    private static ulong Mix(ulong index)
    {
        ulong z = (index + 1) * 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>FNV-1a, 64 bits.</summary>
    private static ulong Hash(string name) =>
        name.Aggregate(0xCBF29CE484222325, static (value, letter) => (value ^ letter) * 0x100000001B3);
}

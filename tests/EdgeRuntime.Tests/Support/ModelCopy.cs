using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Tests.Support;

/// <summary>A tensor to write to a file.</summary>
/// <param name="Name">The whole name.</param>
/// <param name="Type">The type of <paramref name="Data"/>.</param>
/// <param name="Dimensions">Innermost first.</param>
/// <param name="Data">All rows, and the scale behind them in types that have one.</param>
internal sealed record TensorCopy(string Name, TensorType Type, long[] Dimensions, byte[] Data)
{
    /// <summary>Copies a tensor of another file.</summary>
    public static TensorCopy Of(GgufTensor tensor)
    {
        ReadOnlySpan<long> dimensions = tensor.Dimensions.TrimEnd(1L);
        return new TensorCopy(
            tensor.Name, tensor.Type, dimensions.IsEmpty ? [1] : dimensions.ToArray(), tensor.GetRows(0, (int)tensor.Rows).ToArray());
    }

    /// <summary>Makes a tensor of F32.</summary>
    public static TensorCopy OfFloats(string name, float[] values, params long[] dimensions) =>
        new(name, TensorType.F32, dimensions.Length == 0 ? [values.Length] : dimensions, MemoryMarshal.AsBytes<float>(values).ToArray());
}

/// <summary>Writes models that have the metadata of another model.</summary>
internal static class ModelCopy
{
    /// <summary>Writes a model.</summary>
    /// <param name="path">The file; overwritten.</param>
    /// <param name="source">The model whose metadata are copied.</param>
    /// <param name="tensors">All tensors of the copy.</param>
    /// <param name="architecture">Another architecture, or null; keys get its name too.</param>
    /// <param name="changes">Values of the architecture's keys, by name without the architecture.</param>
    /// <returns>The path.</returns>
    public static string Write(
        string path,
        GgufFile source,
        IEnumerable<TensorCopy> tensors,
        string? architecture = null,
        Dictionary<string, object>? changes = null)
    {
        using FileStream stream = File.Create(path);
        var writer = new GgufWriter(stream);
        string sourceArchitecture = source.Metadata.GetString("general.architecture");
        architecture ??= sourceArchitecture;
        changes = new Dictionary<string, object>(changes ?? []);
        foreach (string key in source.Metadata.Keys)
        {
            source.Metadata.TryGetValue(key, out object? value);
            if (key == "general.architecture")
            {
                writer.AddKey(key, architecture);
            }
            else if (key.StartsWith(sourceArchitecture + ".", StringComparison.Ordinal))
            {
                string name = key[(sourceArchitecture.Length + 1)..];
                changes.Remove(name, out object? changed);
                writer.AddKey($"{architecture}.{name}", changed ?? value!);
            }
            else
            {
                writer.AddKey(key, value!);
            }
        }

        foreach ((string name, object value) in changes)
        {
            writer.AddKey($"{architecture}.{name}", value);
        }

        TensorCopy[] all = [.. tensors];
        Array.ForEach(all, tensor => writer.AddTensor(tensor.Name, tensor.Type, tensor.Dimensions));
        Array.ForEach(all, tensor => writer.WriteData(tensor.Data));
        writer.Complete();
        return path;
    }
}

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Support;

/// <summary>Copies of the tests' small model with other bytes, for servers to give out.</summary>
internal static class ModelCopies
{
    public static byte[] Stories { get; } = File.ReadAllBytes(Edgert.Stories);

    /// <summary>Gets a copy that differs from that of other names behind its tensors.</summary>
    public static byte[] Named(string name) => [.. Stories, .. Encoding.UTF8.GetBytes(name)];

    /// <summary>Gets a copy in which keys have other values.</summary>
    public static byte[] With(params (string Key, object Value)[] keys) => Write(static key => key, keys, static _ => true);

    /// <summary>Gets a copy with other names of keys.</summary>
    public static byte[] Renamed(Func<string, string> rename, params (string Key, object Value)[] keys) =>
        Write(rename, keys, static _ => true);

    /// <summary>Gets a copy that is split into parts with equally many tensors.</summary>
    /// <param name="count">The number of parts.</param>
    /// <param name="keys">Keys of the first part with other values.</param>
    public static byte[][] Split(int count, params (string Key, object Value)[] keys) =>
    [
        .. Enumerable.Range(0, count).Select(part => Write(
            static key => key,
            [("split.no", (ushort)part), ("split.count", (ushort)count), .. part == 0 ? keys : []],
            index => index % count == part)),
    ];

    /// <summary>Gets a file with keys and one tensor that no model has.</summary>
    public static byte[] Alien(TensorType type, params (string Key, object Value)[] keys)
    {
        using var stream = new MemoryStream();
        var writer = new GgufWriter(stream);
        Array.ForEach(keys, key => writer.AddKey(key.Key, key.Value));
        writer.AddTensor("alien.weight", type, 32);
        writer.WriteData(new byte[32 * sizeof(int)]);
        writer.Complete();
        return stream.ToArray();
    }

    private static byte[] Write(Func<string, string> rename, (string Key, object Value)[] keys, Predicate<int> hasTensor)
    {
        using GgufFile source = GgufFile.Open(Edgert.Stories);
        using var stream = new MemoryStream();
        var writer = new GgufWriter(stream);
        Dictionary<string, object> others = keys.ToDictionary(static key => key.Key, static key => key.Value);
        foreach (string key in source.Metadata.Keys)
        {
            Assert.True(source.Metadata.TryGetValue(key, out object? value));
            writer.AddKey(rename(key), others.Remove(key, out object? other) ? other : value);
        }

        foreach ((string key, object value) in others)
        {
            writer.AddKey(key, value);
        }

        GgufTensor[] tensors = [.. source.Tensors.Where((_, index) => hasTensor(index))];
        Array.ForEach(tensors, tensor => writer.AddTensor(tensor.Name, tensor.Type, tensor.Dimensions.TrimEnd(1L)));
        Array.ForEach(tensors, tensor => writer.WriteData(tensor.GetRows(0, (int)tensor.Rows)));
        writer.Complete();
        return stream.ToArray();
    }
}

using System;
using System.IO;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Core.Tests.Gguf;

/// <summary>A folder of a test's own, gone afterwards; and small GGUF files in it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("edgeruntime-gguf-").FullName;

    public string this[string name] => Path.Combine(_path, name);

    /// <summary>Writes a file; <paramref name="fill"/> names keys and tensors; a tensor's bytes count up from its number.</summary>
    public string Write(string name, Action<GgufWriter> fill, int alignment = GgufLimits.DefaultAlignment, params long[] tensorBytes)
    {
        using FileStream stream = File.Create(this[name]);
        GgufWriter writer = new(stream, alignment);
        fill(writer);
        for (int tensor = 0; tensor < tensorBytes.Length; tensor++)
        {
            writer.WriteData(Bytes(tensor, tensorBytes[tensor]));
        }

        writer.Complete();
        return this[name];
    }

    /// <summary>A part of a split model with one F32 tensor of eight elements, named after its number.</summary>
    public string WritePart(string name, int number, int count, int tensors, string? tensorName = null) => Write(
        name,
        writer =>
        {
            writer.AddKey("split.no", (ushort)number);
            writer.AddKey("split.count", (ushort)count);
            writer.AddKey("split.tensors.count", tensors);
            writer.AddTensor(tensorName ?? $"t{number}", TensorType.F32, 8);
        },
        tensorBytes: 32);

    public static byte[] Bytes(int tensor, long length)
    {
        byte[] bytes = new byte[length];
        for (int index = 0; index < bytes.Length; index++)
        {
            bytes[index] = (byte)(tensor + index);
        }

        return bytes;
    }

    public void Dispose() => Directory.Delete(_path, recursive: true);
}

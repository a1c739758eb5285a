using System;
using System.IO;
using System.Runtime.InteropServices;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Tests.Quantization;

/// <summary>Writes small models and importance matrices with given tensors.</summary>
internal static class SmallFiles
{
    /// <summary>Writes a file with F32 tensors.</summary>
    /// <returns>The path.</returns>
    public static string Write(string path, string type, params (string Name, float[] Values, long[] Dimensions)[] tensors)
    {
        using FileStream stream = File.Create(path);
        var writer = new GgufWriter(stream);
        writer.AddKey("general.architecture", "llama");
        writer.AddKey("general.type", type);
        writer.AddKey("imatrix.chunk_count", 1u);
        writer.AddKey("imatrix.chunk_size", 1u);
        writer.AddKey("llama.block_count", 1u);
        Array.ForEach(tensors, tensor => writer.AddTensor(tensor.Name, TensorType.F32, tensor.Dimensions));
        Array.ForEach(tensors, tensor => writer.WriteData(MemoryMarshal.AsBytes<float>(tensor.Values)));
        writer.Complete();
        return path;
    }
}

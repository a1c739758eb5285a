using System;
using System.IO;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.TestSupport;

/// <summary>Copies of the tests' small model (F32, five layers) with other weights in places.</summary>
internal static class DamagedModel
{
    /// <summary>Writes a copy in which some weights of a tensor have another value.</summary>
    /// <param name="path">The copy; overwritten.</param>
    /// <param name="tensor">For example <c>blk.2.ffn_down.weight</c>.</param>
    /// <param name="value">The weights' value.</param>
    /// <param name="first">Index of the first.</param>
    /// <param name="count">How many; null: all to the tensor's end.</param>
    public static string Write(string path, string tensor, float value, int first = 0, int? count = 1)
    {
        File.Copy(TestModels.Stories, path, overwrite: true);
        using GgufFile file = GgufFile.Open(TestModels.Stories);
        GgufTensor found = file.FindTensor(tensor)!;
        float[] weights = new float[count ?? (int)(found.ByteLength / sizeof(float)) - first];
        weights.AsSpan().Fill(value);
        using FileStream stream = File.OpenWrite(path);
        stream.Position = found.FileOffset + ((long)first * sizeof(float));
        stream.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(weights));
        return path;
    }
}

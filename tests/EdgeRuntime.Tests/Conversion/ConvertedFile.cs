using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Tests.Conversion;

/// <summary>Reads GGUF files that a conversion has written.</summary>
internal static class ConvertedFile
{
    /// <summary>Reads the numbers of a tensor of a GGUF file.</summary>
    public static float[] ReadTensor(string path, string name)
    {
        using GgufFile file = GgufFile.Open(path);
        GgufTensor tensor = file.FindTensor(name)!;
        var bytes = new byte[tensor.ByteLength];
        tensor.ReadRows(0, bytes);
        TensorFormat format = TensorFormats.Get(tensor.Type);
        var values = new float[bytes.Length / format.BlockBytes * format.BlockWeights];
        format.Dequantize(bytes, values);
        return values;
    }
}

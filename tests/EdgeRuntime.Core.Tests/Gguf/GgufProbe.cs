using EdgeRuntime.Gguf;
using Xunit;

namespace EdgeRuntime.Core.Tests.Gguf;

/// <summary>Uses a file as a loader would, so that whatever was opened proves safe to read.</summary>
internal static class GgufProbe
{
    /// <summary>Decodes every value; reads the first and the last byte of each tensor, through its first and last row.</summary>
    public static int TouchAll(GgufFile file)
    {
        int sum = 0;
        foreach (string key in file.Metadata.Keys)
        {
            Assert.True(file.Metadata.TryGetValue(key, out object? value));
            sum += value.GetHashCode();
        }

        foreach (GgufTensor tensor in file.Tensors)
        {
            Assert.True(tensor.FileOffset >= 0 && tensor.ByteLength > 0);
            Assert.True(tensor.FileOffset <= tensor.Part.ByteLength - tensor.ByteLength);
            sum += tensor.GetRows(0, 1)[0] + tensor.GetRows(tensor.Rows - 1, 1)[^1];
        }

        return sum;
    }
}

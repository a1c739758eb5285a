using System;
using System.IO;
using System.Linq;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using Xunit;

namespace EdgeRuntime.Core.Tests.Gguf;

/// <summary>Tensors of I2_S keep one scale behind their rows.</summary>
public sealed class TensorScaleTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_TensorOfI2S_HasRowsThenScale()
    {
        using GgufFile file = GgufFile.Open(Write(0.75f));

        GgufTensor tensor = file.FindTensor("ternary")!;
        Assert.Equal((64L, 3L, (3 * 64) + 32L), (tensor.RowBytes, tensor.Rows, tensor.ByteLength));
        Assert.Equal(0.75f, tensor.ReadScale());
        Assert.Equal(1, file.FindTensor("after")!.ReadScale());
        Assert.Equal(TemporaryFolder.Bytes(2, 8), file.FindTensor("after")!.GetRows(0, 1).ToArray());
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void ReadScale_NotFinite_IsRefused(float scale)
    {
        using GgufFile file = GgufFile.Open(Write(scale));
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => file.FindTensor("ternary")!.ReadScale());
        Assert.Contains("tensor \"ternary\": found the scale", error.Message, StringComparison.Ordinal);
    }

    /// <summary>The rows fit the file, their scale does not.</summary>
    [Fact]
    public void Open_FileThatEndsBeforeTheScale_IsRefused()
    {
        string path = Write(1, withLast: false);
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..^32]);
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => GgufFile.Open(path));
        Assert.Contains("expected 224 from 0 on", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Byte 5 of the block alone differs: bits 7 and 6 are weight 5, the next pairs weights 37, 69 and 101.</summary>
    [Fact]
    public void Dequantize_I2S_FirstWeightInTheHighestBits()
    {
        byte[] block = [.. Enumerable.Repeat((byte)0b01_01_01_01, 32)];
        block[5] = 0b00_10_01_10;
        float[] weights = new float[128];

        TensorFormats.All.Single(format => format.Type == TensorType.I2_S).Dequantize(block, weights);

        float[] expected = new float[128];
        (expected[5], expected[37], expected[69], expected[101]) = (-1, 1, 0, 1);
        Assert.Equal(expected, weights);
    }

    private string Write(float scale, bool withLast = true)
    {
        string path = _folder["ternary.gguf"];
        using FileStream stream = File.Create(path);
        GgufWriter writer = new(stream);
        writer.AddTensor("ternary", TensorType.I2_S, 256, 3);
        if (withLast)
        {
            writer.AddTensor("after", TensorType.F32, 2);
        }

        byte[] tail = new byte[32];
        BitConverter.TryWriteBytes(tail, scale);
        writer.WriteData(TemporaryFolder.Bytes(1, 3 * 64));
        writer.WriteData(tail);
        if (withLast)
        {
            writer.WriteData(TemporaryFolder.Bytes(2, 8));
        }

        writer.Complete();
        return path;
    }
}

using System;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using EdgeRuntime.Formats;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Core.Tests.Formats;

/// <summary>Every format against rows that ggml quantized and dequantized.</summary>
public class GoldenTests
{
    public static TheoryData<TensorType, string> Cases()
    {
        TheoryData<TensorType, string> cases = [];
        foreach (TensorFormat format in TensorFormats.All.Where(format => format.Type != TensorType.F32))
        {
            cases.Add(format.Type, "real");
            cases.Add(format.Type, "synthetic");
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Dequantize_RowsOfGgml_EqualToTheBit(TensorType type, string input)
    {
        byte[] blocks = Read(type, input, "q");
        float[] expected = MemoryMarshal.Cast<byte, float>(Read(type, input, "deq.f32")).ToArray();
        float[] actual = new float[expected.Length];

        TensorFormats.Get(type).Dequantize(blocks, actual);

        Assert.Equal(expected.Select(BitConverter.SingleToInt32Bits), actual.Select(BitConverter.SingleToInt32Bits));
    }

    private static byte[] Read(TensorType type, string input, string extension) => File.ReadAllBytes(
        SharedData.Require($"conformance/quantization/{type.ToString().ToLowerInvariant()}_{input}.{extension}"));
}

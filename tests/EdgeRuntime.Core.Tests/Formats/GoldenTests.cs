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

    [Theory]
    [MemberData(nameof(Cases))]
    public void Quantize_RowsOfGgml_AsGoodAsTheReference(TensorType type, string input)
    {
        byte[] expected = Read(type, input, "q");
        string size = input == "real" ? "64x256" : "32x256";
        byte[] rows = File.ReadAllBytes(SharedData.Require($"conformance/quantization/input_{input}_{size}.f32"));
        byte[] actual = new byte[expected.Length];

        TensorFormats.Get(type).Quantize(MemoryMarshal.Cast<byte, float>(rows), actual);

        if (TensorFormats.Get(type).BlockWeights < 256)
        {
            Assert.Equal(expected, actual);
            return;
        }

        // The search of a K-quant depends on the last bits of float32 sums, which a compiler may round differently: as good, not equal.
        double reference = SquaredError(type, expected, rows);
        Assert.InRange(SquaredError(type, actual, rows), 0.98 * reference, 1.02 * reference);
    }

    private static double SquaredError(TensorType type, byte[] blocks, byte[] rows)
    {
        ReadOnlySpan<float> x = MemoryMarshal.Cast<byte, float>(rows);
        float[] weights = new float[x.Length];
        TensorFormats.Get(type).Dequantize(blocks, weights);
        double sum = 0;
        for (int i = 0; i < x.Length; i++)
        {
            sum += ((double)weights[i] - x[i]) * ((double)weights[i] - x[i]);
        }

        return sum;
    }

    private static byte[] Read(TensorType type, string input, string extension) => File.ReadAllBytes(
        SharedData.Require($"conformance/quantization/{type.ToString().ToLowerInvariant()}_{input}.{extension}"));
}

using System;
using System.Linq;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using EdgeRuntime.Formats;
using Xunit;

namespace EdgeRuntime.Core.Tests.Formats;

/// <summary>Every format against rows that ggml quantized and dequantized.</summary>
public class GoldenTests
{
    public static TheoryData<string> Cases() => [.. GoldenRows.All.Select(golden => golden.Name)];

    public static TheoryData<string> QuantizerCases() =>
        [.. GoldenRows.All.Where(golden => !golden.HasImportance && Format(golden).CanQuantize).Select(golden => golden.Name)];

    [Fact]
    public void All_DefinedTypes_HaveBothInputs()
    {
        // F32 is exact, and ggml does not know I2_S.
        foreach (TensorFormat format in TensorFormats.All.Where(format => format.Type is not (TensorType.F32 or TensorType.I2_S)))
        {
            GoldenRows.Case[] cases = [.. GoldenRows.All.Where(golden => golden.Type == format.Type && golden.Weights is not null)];
            Assert.Equal(["real", "synthetic"], cases.Select(golden => golden.Input).Distinct().Order());
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Dequantize_RowsOfGgml_EqualToTheBit(string name)
    {
        GoldenRows.Case golden = Find(name);
        float[] actual = new float[golden.Source.Length];

        Format(golden).Dequantize(golden.Blocks, actual);

        if (golden.Weights is { } expected)
        {
            Assert.Equal(expected.Select(BitConverter.SingleToInt32Bits), actual.Select(BitConverter.SingleToInt32Bits));
        }

        Assert.Equal(golden.WeightsHash, Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<float>(actual))));
    }

    [Theory]
    [MemberData(nameof(QuantizerCases))]
    public void Quantize_RowsOfGgml_AsGoodAsTheReference(string name)
    {
        GoldenRows.Case golden = Find(name);
        byte[] actual = new byte[golden.Blocks.Length];

        Format(golden).QuantizeRows(golden.Source, 256, default, actual);

        if (!IsSearched(golden.Type))
        {
            Assert.Equal(golden.Blocks, actual);
            return;
        }

        // The search of a K-quant depends on the last bits of float32 sums, which a compiler may round differently: as good, not equal.
        double reference = SquaredError(golden, golden.Blocks);
        Assert.InRange(SquaredError(golden, actual), 0.98 * reference, 1.02 * reference);
    }

    [Fact]
    public void Quantize_TypeWithoutQuantizer_NamesThoseThatHaveOne()
    {
        TensorFormat format = TensorFormats.All.First(format => !format.CanQuantize);

        NotSupportedException error = Assert.Throws<NotSupportedException>(
            () => format.QuantizeRows(
                new float[format.BlockWeights], format.BlockWeights, importance: default, new byte[format.BlockBytes]));

        Assert.StartsWith($"there is no quantizer to {format.Type}; use one of: F32, F16, ", error.Message, StringComparison.Ordinal);
    }

    private static bool IsSearched(TensorType type) => type is TensorType.Q2_K or TensorType.Q3_K or TensorType.Q4_K or TensorType.Q5_K
        or TensorType.Q6_K or TensorType.IQ4_XS;

    private static GoldenRows.Case Find(string name) => GoldenRows.All.Single(golden => golden.Name == name);

    private static TensorFormat Format(GoldenRows.Case golden) => TensorFormats.All.Single(format => format.Type == golden.Type);

    private static double SquaredError(GoldenRows.Case golden, byte[] blocks)
    {
        float[] x = golden.Source;
        float[] weights = new float[x.Length];
        Format(golden).Dequantize(blocks, weights);
        double sum = 0;
        for (int i = 0; i < x.Length; i++)
        {
            sum += ((double)weights[i] - x[i]) * ((double)weights[i] - x[i]);
        }

        return sum;
    }
}

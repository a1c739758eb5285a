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
        [.. GoldenRows.All.Where(golden => Format(golden).CanQuantize).Select(golden => golden.Name)];

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
    public void QuantizeRows_RowsOfGgml_AsGoodAsTheReference(string name)
    {
        GoldenRows.Case golden = Find(name);
        byte[] actual = new byte[golden.Blocks.Length];

        Format(golden).QuantizeRows(golden.Source, GoldenRows.Columns, golden.Importance, actual);

        if (IsSearched(golden))
        {
            Assert.InRange(SquaredError(golden, actual), 0, SquaredError(golden, golden.Blocks));
        }
        else
        {
            Assert.Equal(golden.Blocks, actual);
        }
    }

    [Fact]
    public void QuantizeRows_TypeWithoutQuantizer_NamesThoseThatHaveOne()
    {
        TensorFormat format = TensorFormats.All.First(format => !format.CanQuantize);

        NotSupportedException error = Assert.Throws<NotSupportedException>(
            () => format.QuantizeRows(
                new float[format.BlockWeights], format.BlockWeights, importance: default, new byte[format.BlockBytes]));

        Assert.StartsWith($"there is no quantizer to {format.Type}; use one of: F32, F16, ", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Whether ggml searches scales. Otherwise it only rounds, and an importance changes nothing.</summary>
    private static bool IsSearched(GoldenRows.Case golden) => golden.Type switch
    {
        TensorType.Q4_0 or TensorType.Q4_1 or TensorType.Q5_0 or TensorType.Q5_1 => golden.HasImportance,
        TensorType.F16 or TensorType.BF16 or TensorType.Q8_0 or TensorType.TQ1_0 or TensorType.TQ2_0 or TensorType.MXFP4
            or TensorType.NVFP4 or TensorType.Q1_0 or TensorType.Q2_0 => false,
        _ => true,
    };

    private static GoldenRows.Case Find(string name) => GoldenRows.All.Single(golden => golden.Name == name);

    private static TensorFormat Format(GoldenRows.Case golden) => TensorFormats.All.Single(format => format.Type == golden.Type);

    private static double SquaredError(GoldenRows.Case golden, byte[] blocks)
    {
        float[] x = golden.Source;
        float[] weights = new float[x.Length];
        Format(golden).Dequantize(blocks, weights);
        float[] importance = golden.Importance;
        double sum = 0;
        for (int i = 0; i < x.Length; i++)
        {
            double error = (double)weights[i] - x[i];
            sum += (golden.HasImportance ? importance[i % GoldenRows.Columns] : 1) * error * error;
        }

        return sum;
    }
}

using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Formats;
using EdgeRuntime.Onnx.Packing;
using Xunit;

namespace EdgeRuntime.Onnx.Tests.Packing;

/// <summary>The packed form of every quantized type has the weights of the runtime's own dequantizer.</summary>
public sealed class PackedFormTests
{
    private const int Columns = 1024;

    public static IEnumerable<TheoryDataRow<string, int>> Types() =>
        from format in TensorFormats.All
        where format.Shape is not null
        from bits in (int[])[2, 4, 8]
        let profile = new OnnxProfile { Name = "test", Bits = [bits], LeastTwoBitBlock = 16 }
        where PackedForm.Find(format, profile) is not null
        select new TheoryDataRow<string, int>(format.Type.ToString(), bits);

    [Theory]
    [MemberData(nameof(Types))]
    public void Pack_EachType_GivesTheWeights(string type, int bits)
    {
        TensorFormat format = Get(type);
        byte[] row = RandomRow(format, out float[] weights);
        PackedForm form = PackedForm.Find(format, new OnnxProfile { Name = "test", Bits = [bits], LeastTwoBitBlock = 16 })!;
        byte[] stored = new byte[form.RowBytes(Columns)];
        float[] scales = new float[Columns / form.Block];
        float[] offsets = new float[form.HasOffsets ? scales.Length : 0];
        form.Pack(row, stored, scales, offsets);
        float greatest = weights.Max(MathF.Abs);
        for (int k = 0; k < Columns; k++)
        {
            int block = k / form.Block;
            int number = (stored[k * bits / 8] >> (k * bits % 8)) & ((1 << bits) - 1);
            float weight = (number - (1 << (bits - 1))) * scales[block];
            weight += form.HasOffsets ? offsets[block] : 0;
            Assert.InRange(weight, weights[k] - (2e-6f * greatest), weights[k] + (2e-6f * greatest));
        }
    }

    [Fact]
    public void Find_EveryQuantizedType_HasAForm()
    {
        string[] without = [.. TensorFormats.All
            .Where(static format => format.Shape is not null && PackedForm.Find(format, OnnxProfile.Cpu) is null)
            .Select(static format => format.Type.ToString())];
        Assert.Empty(without);
    }

    [Theory]
    [InlineData("Q4_0", 4, 32, false)]
    [InlineData("Q4_1", 4, 32, true)]
    [InlineData("Q5_0", 8, 32, false)]
    [InlineData("Q5_1", 8, 32, true)]
    [InlineData("Q8_0", 8, 32, false)]
    [InlineData("Q2_K", 4, 16, true)]
    [InlineData("Q3_K", 4, 16, false)]
    [InlineData("Q4_K", 4, 32, true)]
    [InlineData("Q5_K", 8, 32, true)]
    [InlineData("Q6_K", 8, 16, false)]
    public void Find_CommonTypes_HaveTheKnownForms(string type, int bits, int block, bool hasOffsets)
    {
        PackedForm form = PackedForm.Find(Get(type), OnnxProfile.Cpu)!;
        Assert.Equal((bits, block, hasOffsets), (form.Bits, form.Block, form.HasOffsets));
    }

    [Fact]
    public void Find_BitsThatTheProfileLacks_IsNull() =>
        Assert.Null(PackedForm.Find(Get("Q6_K"), new OnnxProfile { Name = "test", Bits = [4] }));

    private static TensorFormat Get(string type) => TensorFormats.Get(Enum.Parse<TensorType>(type));

    /// <summary>Random bytes are blocks with all quants and scales; those with scales that are not finite are made anew.</summary>
    private static byte[] RandomRow(TensorFormat format, out float[] weights)
    {
        var random = new Random(7);
        byte[] row = new byte[format.RowBytes(Columns)];
        weights = new float[Columns];
        for (int block = 0; block < row.Length; block += format.BlockBytes)
        {
            Span<byte> bytes = row.AsSpan(block, format.BlockBytes);
            Span<float> values = weights.AsSpan(block / format.BlockBytes * format.BlockWeights, format.BlockWeights);
            do
            {
                random.NextBytes(bytes);
                format.Dequantize(bytes, values);
            }
            while (!values.ToArray().All(static value => float.IsFinite(value) && MathF.Abs(value) < 1e6f));
        }

        return row;
    }
}

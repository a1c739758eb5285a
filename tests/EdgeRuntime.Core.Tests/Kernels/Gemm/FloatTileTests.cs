using System;
using System.Linq;
using System.Runtime.InteropServices;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels;
using Xunit;

namespace EdgeRuntime.Core.Tests.Kernels.Gemm;

public sealed unsafe class FloatTileTests
{
    private static readonly InstructionSet s_scalar = InstructionSet.Parse("scalar");

    public static TheoryData<string> InstructionSets => [.. InstructionSet.All.Select(set => set.Name)];

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void GemmFloat_AnyTile_EqualsScalarToTheBit(string name)
    {
        InstructionSet set = Require(name);
        for (int tokens = 1; tokens <= set.Kernels.TileTokens; tokens++)
        {
            AssertGemmEqualsScalar(set, columns: 1 + (5 * tokens), tokens, rows: 16);
            AssertGemmEqualsScalar(set, columns: 3, tokens, rows: 1 + (tokens * 5 % 16));
        }
    }

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void GemvFloat_AnyRowsOfSeveralPanels_EqualsScalarToTheBit(string name)
    {
        InstructionSet set = Require(name);
        foreach (TensorType element in (TensorType[])[TensorType.F32, TensorType.F16, TensorType.BF16])
        {
            for (int rows = 1; rows <= 83; rows++)
            {
                AssertGemvEqualsScalar(set, element, columns: 33, rows);
            }

            AssertGemvEqualsScalar(set, element, columns: 1, rows: 17);
        }
    }

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void ExpandFloat_AllFiniteHalves_EqualsScalarToTheBit(string name)
    {
        InstructionSet set = Require(name);
        foreach (TensorType element in (TensorType[])[TensorType.F16, TensorType.BF16])
        {
            // Every pattern but those of infinities and NaN, which no packed panel holds.
            int exponent = element == TensorType.F16 ? 0x7c00 : 0x7f80;
            ushort[] patterns = [.. Enumerable.Range(0, 1 << 16).Where(bits => (bits & exponent) != exponent).Select(bits => (ushort)bits)];
            int columns = patterns.Length / 16;
            using var panel = new GuardedMemory(columns * 32L);
            patterns.AsSpan(0, columns * 16).CopyTo(new Span<ushort>(panel.Pointer, columns * 16));
            using var expected = new GuardedMemory(columns * 64L);
            using var actual = new GuardedMemory(columns * 64L);
            s_scalar.Kernels.ExpandFloat(element)(panel.Pointer, columns, (float*)expected.Pointer);
            set.Kernels.ExpandFloat(element)(panel.Pointer, columns, (float*)actual.Pointer);
            Assert.True(expected.Bytes.SequenceEqual(actual.Bytes), $"{set}, {element}");
        }
    }

    private static InstructionSet Require(string name)
    {
        InstructionSet set = InstructionSet.All.First(candidate => candidate.Name == name);
        Assert.SkipUnless(set.IsSupported, $"{name} is not on this machine");
        return set;
    }

    private static void AssertGemvEqualsScalar(InstructionSet set, TensorType element, int columns, int rows)
    {
        var random = new Random(HashCode.Combine(columns, rows));
        int panels = (rows + 15) / 16;
        using var memory = new GuardedMemory(panels * FloatPanels.BytesOfPanel(columns, element == TensorType.F32 ? 4 : 2));
        using var x = new GuardedMemory(columns * sizeof(float));
        using var expected = new GuardedMemory(rows * sizeof(float));
        using var actual = new GuardedMemory(rows * sizeof(float));
        FillWeights(memory.Bytes, element, random);
        FillWeights(x.Bytes, TensorType.F32, random);

        s_scalar.Kernels.GemvFloat(element)(memory.Pointer, (float*)x.Pointer, columns, (float*)expected.Pointer, rows);
        set.Kernels.GemvFloat(element)(memory.Pointer, (float*)x.Pointer, columns, (float*)actual.Pointer, rows);

        AssertEqual(expected, actual, $"{set}, {element}, {columns} columns, {rows} rows");
    }

    private static void AssertGemmEqualsScalar(InstructionSet set, int columns, int tokens, int rows)
    {
        const int YStride = 21;
        var random = new Random(HashCode.Combine(columns, tokens, rows));
        using var panel = new GuardedMemory(columns * 16L * sizeof(float));
        using var x = new GuardedMemory(columns * tokens * sizeof(float));
        int yBytes = (((tokens - 1) * YStride) + rows) * sizeof(float);
        using var expected = new GuardedMemory(yBytes);
        using var actual = new GuardedMemory(yBytes);
        FillWeights(panel.Bytes, TensorType.F32, random);
        FillWeights(x.Bytes, TensorType.F32, random);
        expected.Bytes.Fill(0x7b);
        actual.Bytes.Fill(0x7b);

        s_scalar.Kernels.GemmFloat(panel.Pointer, x.Pointer, columns, tokens, (float*)expected.Pointer, YStride, rows);
        set.Kernels.GemmFloat(panel.Pointer, x.Pointer, columns, tokens, (float*)actual.Pointer, YStride, rows);

        AssertEqual(expected, actual, $"{set}, {columns} columns, {tokens} tokens, {rows} rows");
    }

    /// <summary>Weights in -0.5..0.5, as many as there is room for.</summary>
    private static void FillWeights(Span<byte> memory, TensorType element, Random random)
    {
        if (element == TensorType.F32)
        {
            foreach (ref float value in MemoryMarshal.Cast<byte, float>(memory))
            {
                value = random.NextSingle() - 0.5f;
            }

            return;
        }

        foreach (ref ushort bits in MemoryMarshal.Cast<byte, ushort>(memory))
        {
            float weight = random.NextSingle() - 0.5f;
            bits = element == TensorType.F16
                ? BitConverter.HalfToUInt16Bits((Half)weight)
                : (ushort)(BitConverter.SingleToUInt32Bits(weight) >> 16);
        }
    }

    private static void AssertEqual(GuardedMemory expected, GuardedMemory actual, string where)
    {
        Assert.True(expected.Bytes.SequenceEqual(actual.Bytes), where);
        Assert.True(actual.FrontIsIntact, where);
    }
}

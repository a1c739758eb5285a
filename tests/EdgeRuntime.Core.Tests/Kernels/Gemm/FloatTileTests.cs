using System;
using System.Linq;
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
            AssertEqualsScalar(set, TensorType.F32, columns: 1 + (5 * tokens), tokens, rows: 16);
            AssertEqualsScalar(set, TensorType.F32, columns: 3, tokens, rows: 1 + (tokens * 5 % 16));
        }

        for (int rows = 1; rows <= 16; rows++)
        {
            AssertEqualsScalar(set, TensorType.F16, columns: 33, tokens: 1, rows);
            AssertEqualsScalar(set, TensorType.BF16, columns: 33, tokens: 1, rows);
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

    private static void AssertEqualsScalar(InstructionSet set, TensorType element, int columns, int tokens, int rows)
    {
        const int YStride = 21;
        var random = new Random(HashCode.Combine(columns, tokens, rows));
        using var panel = new GuardedMemory(columns * 16L * (element == TensorType.F32 ? 4 : 2));
        using var x = new GuardedMemory(columns * tokens * sizeof(float));
        int yBytes = (((tokens - 1) * YStride) + rows) * sizeof(float);
        using var expected = new GuardedMemory(yBytes);
        using var actual = new GuardedMemory(yBytes);
        for (int i = 0; i < columns * 16; i++)
        {
            float weight = random.NextSingle() - 0.5f;
            switch (element)
            {
                case TensorType.F32:
                    ((float*)panel.Pointer)[i] = weight;
                    break;
                case TensorType.F16:
                    ((Half*)panel.Pointer)[i] = (Half)weight;
                    break;
                default:
                    ((ushort*)panel.Pointer)[i] = (ushort)(BitConverter.SingleToUInt32Bits(weight) >> 16);
                    break;
            }
        }

        for (int i = 0; i < columns * tokens; i++)
        {
            ((float*)x.Pointer)[i] = random.NextSingle() - 0.5f;
        }

        expected.Bytes.Fill(0x7b);
        actual.Bytes.Fill(0x7b);
        s_scalar.Kernels.GemmFloat(element)(panel.Pointer, x.Pointer, columns, tokens, (float*)expected.Pointer, YStride, rows);
        set.Kernels.GemmFloat(element)(panel.Pointer, x.Pointer, columns, tokens, (float*)actual.Pointer, YStride, rows);

        string where = $"{set}, {element}, {columns} columns, {tokens} tokens, {rows} rows";
        Assert.True(expected.Bytes.SequenceEqual(actual.Bytes), where);
        Assert.True(actual.FrontIsIntact, where);
    }
}

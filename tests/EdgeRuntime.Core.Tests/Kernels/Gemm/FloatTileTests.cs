using System;
using System.Linq;
using System.Runtime.InteropServices;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels;
using EdgeRuntime.Kernels.Arm;
using EdgeRuntime.Kernels.Emit;
using EdgeRuntime.Kernels.Gemm;
using EdgeRuntime.Kernels.Gemv;
using EdgeRuntime.Kernels.Panels;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Kernels.X86;
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
                AssertGemvEqualsScalar(Gemv(set, element), element, columns: 33, rows, name);
            }

            AssertGemvEqualsScalar(Gemv(set, element), element, columns: 1, rows: 17, name);
        }
    }

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void ExpandFloat_AllFiniteHalves_EqualsScalarToTheBit(string name)
    {
        InstructionSet set = Require(name);
        foreach (TensorType element in (TensorType[])[TensorType.F16, TensorType.BF16])
        {
            AssertExpandEqualsScalar(Expand(set, element), element, name);
        }
    }

    /// <summary>The loops that stand in for emitted code: without F16C, or where code may not be made.</summary>
    [Fact]
    public void GemvFloat_CompiledForEveryWidth_EqualsScalarToTheBit()
    {
        foreach (int width in LaneWidths.All)
        {
            foreach (int rows in (int[])[1, 8, 15, 16, 17, 33, 64, 83])
            {
                AssertGemvEqualsScalar(Compiled(width), TensorType.F16, columns: 33, rows, $"{width} lanes");
            }
        }
    }

    [Fact]
    public void GemvFloat_F16c_EqualsScalarToTheBit()
    {
        Assert.SkipUnless(F16cPanels.IsSupported, "this machine has no F16C, or forbids code made at run time");
        // As many columns as are asked for in advance, one more, one fewer; one to nine panels, the last with one row to sixteen.
        foreach (int columns in (int[])[1, 2, 3, 63, 64, 65, 66, 127, 128, 129, 130, 131, 200])
        {
            for (int rows = 1; rows <= 144; rows += columns % 2 == 0 ? 5 : 7)
            {
                AssertGemvEqualsScalar(&F16cPanels.Multiply, TensorType.F16, columns, rows, "F16C");
            }
        }
    }

    [Fact]
    public void F16c_EveryHalf_EqualsTheDefinitionToTheBit()
    {
        Assert.SkipUnless(F16cPanels.IsSupported, "this machine has no F16C, or forbids code made at run time");
        // Infinities and NaN are expanded too, though no packed panel holds them; products are of the others.
        const int Halves = 1 << 16;
        using var panels = new GuardedMemory(Halves * sizeof(ushort));
        using var expected = new GuardedMemory(Halves * sizeof(float));
        using var actual = new GuardedMemory(Halves * sizeof(float));
        for (int bits = 0; bits < Halves; bits++)
        {
            ((ushort*)panels.Pointer)[bits] = (ushort)bits;
            ((float*)expected.Pointer)[bits] = (float)BitConverter.UInt16BitsToHalf((ushort)bits);
        }

        F16cPanels.Expand(panels.Pointer, Halves / 16, (float*)actual.Pointer);
        AssertEqual(expected, actual, "expanded");

        for (int bits = 0; bits < Halves; bits++)
        {
            ((ushort*)panels.Pointer)[bits] = HalfBits.IsFinite((ushort)bits) ? (ushort)bits : (ushort)0;
        }

        const int Columns = 2; // 64 bytes, so that nothing pads a panel
        float* x = stackalloc float[Columns] { 1.5f, -3f };
        int rows = Halves / Columns;
        s_scalar.Kernels.GemvFloat<HalfElement>()(panels.Pointer, x, Columns, (float*)expected.Pointer, rows);
        F16cPanels.Multiply(panels.Pointer, x, Columns, (float*)actual.Pointer, rows);
        AssertEqual(expected, actual, "multiplied");
    }

    [Fact]
    public void ExpandFloat_CompiledForEveryWidth_EqualsScalarToTheBit()
    {
        foreach (int width in LaneWidths.All)
        {
            AssertExpandEqualsScalar(CompiledExpand(width), TensorType.F16, $"{width} lanes");
        }
    }

    private static delegate*<byte*, float*, int, float*, int, void> Compiled(int width) => width switch
    {
        16 => &FloatGemv<Lanes512>.Multiply<HalfElement>,
        8 => &FloatGemv<Lanes256>.Multiply<HalfElement>,
        4 => &FloatGemv<Lanes128>.Multiply<HalfElement>,
        _ => &FloatGemv<LanesScalar>.Multiply<HalfElement>,
    };

    private static delegate*<byte*, int, float*, void> CompiledExpand(int width) => width switch
    {
        16 => &FloatTile<Lanes512>.Expand<HalfElement>,
        8 => &FloatTile<Lanes256>.Expand<HalfElement>,
        4 => &FloatTile<Lanes128>.Expand<HalfElement>,
        _ => &FloatTile<LanesScalar>.Expand<HalfElement>,
    };

    private static delegate*<byte*, float*, int, float*, int, void> Gemv(InstructionSet set, TensorType element) => element switch
    {
        TensorType.F32 => set.Kernels.GemvFloat<Float32Element>(),
        TensorType.F16 => set.Kernels.GemvFloat<HalfElement>(),
        _ => set.Kernels.GemvFloat<BFloat16Element>(),
    };

    private static delegate*<byte*, int, float*, void> Expand(InstructionSet set, TensorType element) => element switch
    {
        TensorType.F32 => set.Kernels.ExpandFloat<Float32Element>(),
        TensorType.F16 => set.Kernels.ExpandFloat<HalfElement>(),
        _ => set.Kernels.ExpandFloat<BFloat16Element>(),
    };

    private static InstructionSet Require(string name)
    {
        InstructionSet set = InstructionSet.All.First(candidate => candidate.Name == name);
        Assert.SkipUnless(set.IsSupported, $"{name} is not on this machine");
        return set;
    }

    private static void AssertExpandEqualsScalar(delegate*<byte*, int, float*, void> expand, TensorType element, string which)
    {
        // Every pattern but those of infinities and NaN, which no packed panel holds.
        int exponent = element == TensorType.F16 ? 0x7c00 : 0x7f80;
        ushort[] patterns = [.. Enumerable.Range(0, 1 << 16).Where(bits => (bits & exponent) != exponent).Select(bits => (ushort)bits)];
        int columns = patterns.Length / 16;
        using var panel = new GuardedMemory(columns * 32L);
        patterns.AsSpan(0, columns * 16).CopyTo(new Span<ushort>(panel.Pointer, columns * 16));
        using var expected = new GuardedMemory(columns * 64L);
        using var actual = new GuardedMemory(columns * 64L);
        Expand(s_scalar, element)(panel.Pointer, columns, (float*)expected.Pointer);
        expand(panel.Pointer, columns, (float*)actual.Pointer);
        AssertEqual(expected, actual, $"{which}, {element}");
    }

    private static void AssertGemvEqualsScalar(
        delegate*<byte*, float*, int, float*, int, void> multiply, TensorType element, int columns, int rows, string which)
    {
        var random = new Random(HashCode.Combine(columns, rows));
        int panels = (rows + 15) / 16;
        using var memory = new GuardedMemory(panels * FloatPanelLayout.PanelBytes(columns, element == TensorType.F32 ? 4 : 2));
        using var x = new GuardedMemory(columns * sizeof(float));
        using var expected = new GuardedMemory(rows * sizeof(float));
        using var actual = new GuardedMemory(rows * sizeof(float));
        FillWeights(memory.Bytes, element, random);
        FillWeights(x.Bytes, TensorType.F32, random);

        Gemv(s_scalar, element)(memory.Pointer, (float*)x.Pointer, columns, (float*)expected.Pointer, rows);
        multiply(memory.Pointer, (float*)x.Pointer, columns, (float*)actual.Pointer, rows);

        AssertEqual(expected, actual, $"{which}, {element}, {columns} columns, {rows} rows");
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

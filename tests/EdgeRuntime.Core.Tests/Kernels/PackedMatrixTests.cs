using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Core.Tests.Kernels.Gemm;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels;
using EdgeRuntime.Kernels.Panels;
using Xunit;

namespace EdgeRuntime.Core.Tests.Kernels;

public class PackedMatrixTests
{
    public static TheoryData<TensorType> Types => [.. TensorFormats.All.Select(format => format.Type)];

    /// <summary>Every format with every instruction set of the list.</summary>
    /// <summary>Gets the types with the instruction sets that are compared with scalar code.</summary>
    public static TheoryData<TensorType, string> TypesAndFastSets =>
        WithSets(TensorFormats.All, InstructionSet.All.Where(set => set.Name != Scalar.Name));

    public static TheoryData<TensorType, string> QuantizedTypesAndSets =>
        WithSets(TensorFormats.All.Where(format => format.Shape is not null), InstructionSet.All);

    private static InstructionSet Scalar => InstructionSet.Parse("scalar");

    [Theory]
    [MemberData(nameof(Types))]
    public void Multiply_Scalar_IsCloseToTheDequantizedProduct(TensorType type)
    {
        Random random = new(7);
        const int Rows = 19;
        const int Tokens = 3;
        int columns = 512;
        byte[] source = MatrixCase.RandomRows(TensorFormats.Get(type), Rows, columns, random);
        float[] x = MatrixCase.RandomActivations(Tokens, columns, random);
        float[] weights = new float[Rows * columns];
        TensorFormats.Get(type).Dequantize(source, weights);
        using PackedMatrix matrix = MatrixCase.Pack(type, source, Rows, columns, Scalar);

        float[] y = MatrixCase.Multiply(matrix, x, Tokens, Scalar);

        for (int i = 0; i < y.Length; i++)
        {
            double exact = 0;
            double magnitude = 0;
            for (int k = 0; k < columns; k++)
            {
                double term = (double)weights[(i % Rows * columns) + k] * x[(i / Rows * columns) + k];
                exact += term;
                magnitude += Math.Abs(term);
            }

            double bound = (matrix.ActivationKind == ActivationKind.Int8 ? 0.02 : 1e-5) * magnitude;
            Assert.True(Math.Abs(y[i] - exact) <= bound, $"token {i / Rows}, row {i % Rows}: {y[i]} instead of {exact}");
        }
    }

    [Theory]
    [MemberData(nameof(TypesAndFastSets))]
    public void Multiply_AnyInstructionSet_EqualsScalarToTheBit(TensorType type, string name)
    {
        InstructionSet set = Require(name);
        TensorFormat format = TensorFormats.Get(type);
        foreach ((int rows, int blocks, int tokens, bool extreme, int seed) in Shapes)
        {
            Random random = new(seed);
            int columns = blocks * Math.Max(format.BlockWeights, 32);
            byte[] source = MatrixCase.RandomRows(format, rows, columns, random, extreme ? MatrixCase.Extreme(random) : null);
            float[] x = MatrixCase.RandomActivations(tokens, columns, random);
            using PackedMatrix reference = MatrixCase.Pack(type, source, rows, columns, Scalar);
            using PackedMatrix matrix = MatrixCase.Pack(type, source, rows, columns, set);

            float[] expected = MatrixCase.Multiply(reference, x, tokens, Scalar);
            float[] actual = MatrixCase.Multiply(matrix, x, tokens, set);

            AssertSameBits(expected, actual, $"seed {seed}, [{rows}, {columns}] x {tokens}");
        }
    }

    [Theory]
    [MemberData(nameof(TypesAndFastSets))]
    public void Multiply_EveryNumberOfTokens_EqualsScalarToTheBit(TensorType type, string name)
    {
        // Of four panels and of nine, which neither two nor four divide; the last has fewer rows.
        MultiplyEveryNumberOfTokens(type, name, 49);
        MultiplyEveryNumberOfTokens(type, name, 139);
    }

    private static void MultiplyEveryNumberOfTokens(TensorType type, string name, int rows)
    {
        InstructionSet set = Require(name);
        TensorFormat format = TensorFormats.Get(type);
        Random random = new(14);

        // Two whole strips and a part of one where the format allows it.
        int columns = format.BlockWeights > 32 ? 768 - (format.BlockWeights % 256) : 19 * 32;
        byte[] source = MatrixCase.RandomRows(format, rows, columns, random);
        using PackedMatrix reference = MatrixCase.Pack(type, source, rows, columns, Scalar);
        using PackedMatrix matrix = MatrixCase.Pack(type, source, rows, columns, set);
        for (int tokens = 1; tokens <= 14; tokens++)
        {
            float[] x = MatrixCase.RandomActivations(tokens, columns, random);

            float[] expected = MatrixCase.Multiply(reference, x, tokens, Scalar);
            float[] actual = MatrixCase.Multiply(matrix, x, tokens, set);

            AssertSameBits(expected, actual, $"seed 14, {rows} rows, {tokens} tokens");
        }
    }

    [Theory]
    [MemberData(nameof(TypesAndFastSets))]
    public void Multiply_QuantsAndActivationsAtTheirEnds_EqualsScalarToTheBit(TensorType type, string name)
    {
        InstructionSet set = Require(name);
        TensorFormat format = TensorFormats.Get(type);
        int columns = Math.Max(format.BlockWeights, 32);
        Random random = new(9);
        foreach (byte fill in (byte[])[0x00, 0xff, 0x80, 0x7f])
        {
            byte[] source = MatrixCase.RandomRows(format, 16, columns, random, format.Shape is null ? null : fill);
            using PackedMatrix reference = MatrixCase.Pack(type, source, 16, columns, Scalar);
            using PackedMatrix matrix = MatrixCase.Pack(type, source, 16, columns, set);
            foreach (int tokens in (int[])[1, 6])
            {
                // The first token is all 127, the second all -127, the third alternates.
                float[] x = [.. Enumerable.Range(0, tokens * columns).Select(i => (i / columns % 3) switch
                {
                    0 => 2f,
                    1 => -2f,
                    _ => (i % 2 * 4) - 2f,
                })];

                float[] expected = MatrixCase.Multiply(reference, x, tokens, Scalar);
                AssertSameBits(expected, MatrixCase.Multiply(matrix, x, tokens, set), $"fill {fill}, {tokens} tokens");
            }
        }
    }

    [Theory]
    [MemberData(nameof(QuantizedTypesAndSets))]
    public unsafe void Expand_AnyInstructionSet_EqualsTheDequantizedWeights(TensorType type, string name)
    {
        InstructionSet set = Require(name);
        TensorFormat format = TensorFormats.Get(type);
        PackedLayout layout = PackedLayouts.Find(format.Shape!.Value);
        int columns = format.BlockWeights * (format.BlockWeights == 32 ? 11 : 3);
        int blocks = columns / 32;
        byte[] source = MatrixCase.RandomRows(format, 16, columns, new Random(10));
        float[] weights = new float[16 * columns];
        format.Dequantize(source, weights);
        using GuardedMemory packed = new(layout.PanelBytes(columns));
        using GuardedMemory expanded = new((long)blocks * layout.Expanded.BlockBytes);
        PackInto(format, layout, source, columns, packed.Pointer);

        set.Kernels.Expand(layout)(packed.Pointer, blocks, expanded.Pointer);

        Assert.True(expanded.FrontIsIntact);
        for (int i = 0; i < weights.Length; i++)
        {
            (int r, int k) = (i / columns, i % columns);
            byte* block = expanded.Pointer + (k / 32 * layout.Expanded.BlockBytes);
            float* scales = (float*)(block + 512) + r;
            float scale = scales[layout.Expanded.Scales == 2 ? k % 32 / 16 * 16 : 0];
            int q = block[(k % 32 / 4 * 64) + (4 * r) + (k % 4)] - layout.Expanded.Offset;
            float weight = (scale * q) + Minimum(layout.Expanded, scales, k % 32);
            Assert.True(weight == weights[i], $"row {r}, column {k}: {weight:r} instead of {weights[i]:r}");
        }
    }

    [Theory]
    [MemberData(nameof(QuantizedTypesAndSets))]
    public unsafe void Gemv_PanelAndActivationsBeforeAGuardPage_ReadsNothingElseAndWritesItsRows(TensorType type, string name)
    {
        InstructionSet set = Require(name);
        TensorFormat format = TensorFormats.Get(type);
        PackedLayout layout = PackedLayouts.Find(format.Shape!.Value);
        delegate*<byte*, byte*, int, int, float*, int, int, void> gemv = set.Kernels.Gemv(layout);
        Assert.SkipWhen(gemv == null, $"{name} expands first");
        int columns = format.BlockWeights * (format.BlockWeights == 32 ? 9 : 1);
        byte[] source = MatrixCase.RandomRows(format, 16, columns, new Random(11));
        int panelBytes = (int)layout.PanelBytes(columns);
        foreach ((int panels, int rows) in ((int, int)[])[(1, 5), (2, 19), (4, 51), (5, 70)])
        {
            using GuardedMemory packed = new(panels * panelBytes);
            for (int p = 0; p < panels; p++)
            {
                PackInto(format, layout, source, columns, packed.Pointer + (p * panelBytes));
            }

            foreach (int tokens in (int[])[1, 3])
            {
                using GuardedMemory activations = new(ActivationLayout.ByteSize(ActivationKind.Int8, columns, tokens));
                activations.Bytes.Clear();
                const int YStride = 80;
                using GuardedMemory y = new((((tokens - 1) * YStride) + rows) * sizeof(float));
                y.Bytes.Fill(0xee);

                gemv(packed.Pointer, activations.Pointer, columns / 32, tokens, (float*)y.Pointer, YStride, rows);

                Assert.True(y.FrontIsIntact);
                for (int i = 0; i < y.Bytes.Length; i++)
                {
                    Assert.Equal(i / sizeof(float) % YStride < rows, y.Bytes[i] != 0xee);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public unsafe void TryPackRows_AnyColumns_EqualsRowByRow(TensorType type)
    {
        TensorFormat format = TensorFormats.Get(type);
        int block = Math.Max(format.BlockWeights, format.Shape is null ? 8 : ActivationLayout.BlockColumns);
        int ways = 0;
        foreach (int columns in (int[])[block, 2 * block, 3 * block, 8 * block, 9 * block, 512 + block])
        {
            byte[] source = MatrixCase.RandomRows(format, PackedLayout.PanelRows, columns, new Random(columns));
            IPanelProduct product = IPanelProduct.Create(format, columns, Scalar.Kernels, Scalar.Kernels);
            byte[] expected = new byte[product.PanelBytes];
            byte[] actual = new byte[product.PanelBytes];
            int rowBytes = (int)format.RowBytes(columns);
            fixed (byte* start = source, expectedPanel = expected, actualPanel = actual)
            {
                for (int first = 0; first < columns; first += IPanelProduct.StripColumns)
                {
                    int from = (int)format.RowBytes(first);
                    int count = (int)format.RowBytes(Math.Min(IPanelProduct.StripColumns, columns - first));
                    bool packed = product.TryPackRows(actualPanel, first, start + from, rowBytes, count);
                    ways += packed ? 1 : 0;
                    for (int r = 0; r < PackedLayout.PanelRows; r++)
                    {
                        ReadOnlySpan<byte> row = source.AsSpan((r * rowBytes) + from, count);
                        Assert.Equal(-1, product.PackStrip(expectedPanel, r, first, row));
                        Assert.Equal(-1, packed ? -1 : product.PackStrip(actualPanel, r, first, row));
                    }
                }
            }

            Assert.Equal(expected, actual);
        }

        Assert.Equal(RowInterleaver.IsSupported, ways > 0);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void PackPanel_WeightNotFinite_NamesTheRow(TensorType type)
    {
        ExpectNonFinite(type, 18); // of a panel with fewer rows than lanes
        ExpectNonFinite(type, 15);
    }

    /// <summary>Whatever bytes of a block hold a scale: with each pattern of infinity or NaN at each place, packing refuses what
    /// dequantizing shows.</summary>
    [Theory]
    [MemberData(nameof(Types))]
    public void PackPanel_HalfOfABlockOverwritten_IsRefusedExactlyWhereAWeightIsNotFinite(TensorType type)
    {
        TensorFormat format = TensorFormats.Get(type);
        int columns = 2 * Math.Max(format.BlockWeights, 32);
        int rowBytes = (int)format.RowBytes(columns);
        float[] weights = new float[columns];
        int refused = 0;
        foreach (ushort pattern in (ushort[])[0x7c00, 0xfc00, 0x7e00, 0xffff, 0x7f80, 0xff80, 0x7fc0])
        {
            for (int place = 0; place + 1 < rowBytes; place += type == TensorType.F32 ? 2 : 1)
            {
                byte[] source = MatrixCase.RandomRows(format, 20, columns, new Random(place));
                int row = place % 20;
                BitConverter.TryWriteBytes(source.AsSpan((row * rowBytes) + place), pattern);
                format.Dequantize(source.AsSpan(row * rowBytes, rowBytes), weights);
                bool finite = Array.TrueForAll(weights, float.IsFinite);
                refused += finite ? 0 : 1;
                foreach (InstructionSet set in InstructionSet.All.Where(set => set.IsSupported))
                {
                    if (finite)
                    {
                        MatrixCase.Pack(type, source, 20, columns, set).Dispose();
                    }
                    else
                    {
                        Assert.Equal(
                            row, Assert.Throws<NonFiniteWeightException>(() => MatrixCase.Pack(type, source, 20, columns, set)).Row);
                    }
                }
            }
        }

        // Every byte of NVFP4 is a number, and blocks of I2_S have no scale.
        Assert.Equal(type is TensorType.NVFP4 or TensorType.I2_S, refused == 0);
    }

    private static void ExpectNonFinite(TensorType type, int row)
    {
        TensorFormat format = TensorFormats.Get(type);
        int columns = 2 * Math.Max(format.BlockWeights, 32);
        byte[] source = MatrixCase.RandomRows(format, 20, columns, new Random(12));
        int at = (int)(row * format.RowBytes(columns));
        if (!MatrixCase.SpoilScale(format, source.AsSpan(at, format.BlockBytes)))
        {
            Assert.Skip($"{type} has no scale that is not finite");
        }

        NonFiniteWeightException exception =
            Assert.Throws<NonFiniteWeightException>(() => MatrixCase.Pack(type, source, 20, columns, Scalar));

        Assert.Equal(row, exception.Row);
        Assert.Equal(0, exception.Column);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void ByteSize_WholePanels_IsWithinBoundsOfTheFile(TensorType type)
    {
        using PackedMatrix matrix = new(type, 64, 1024, Scalar);
        double bits = 8.0 * TensorFormats.Get(type).BlockBytes / TensorFormats.Get(type).BlockWeights;

        long file = 64 * TensorFormats.Get(type).RowBytes(1024);

        Assert.InRange(matrix.ByteSize, file, (bits < 4 ? 1.6 : 1.03) * file);
    }

    private static unsafe float Minimum(ExpandedPanelLayout layout, float* scales, int k) => layout.Mins switch
    {
        0 => 0,
        1 => scales[16],
        _ => scales[32] * ((short*)(scales + 48))[k / 16],
    };

    private static TheoryData<TensorType, string> WithSets(IEnumerable<TensorFormat> formats, IEnumerable<InstructionSet> sets)
    {
        TheoryData<TensorType, string> cases = [];
        foreach (TensorFormat format in formats)
        {
            foreach (InstructionSet set in sets)
            {
                cases.Add(format.Type, set.Name);
            }
        }

        return cases;
    }

    private static unsafe void PackInto(TensorFormat format, PackedLayout layout, byte[] source, int columns, byte* panel)
    {
        QuantizedPanels panels = new(format, layout.Shape, columns, Scalar.Kernels, Scalar.Kernels);
        int rowBytes = source.Length / 16;
        new Span<byte>(panel, (int)panels.PanelBytes).Clear();
        for (int first = 0; first < columns; first += IPanelProduct.StripColumns)
        {
            int from = (int)format.RowBytes(first);
            int count = (int)format.RowBytes(Math.Min(IPanelProduct.StripColumns, columns - first));
            for (int r = 0; r < 16; r++)
            {
                Assert.Equal(-1, panels.PackStrip(panel, r, first, source.AsSpan((r * rowBytes) + from, count)));
            }
        }
    }

    private static void AssertSameBits(float[] expected, float[] actual, string where)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(
                BitConverter.SingleToInt32Bits(expected[i]) == BitConverter.SingleToInt32Bits(actual[i]),
                $"{where}: value {i} is {actual[i]:r}, scalar {expected[i]:r}");
        }
    }

    private static readonly (int Rows, int Blocks, int Tokens, bool Extreme, int Seed)[] Shapes =
    [
        (16, 1, 1, false, 1), (33, 3, 1, false, 2), (1, 9, 1, true, 3), (17, 10, 2, true, 4), (18, 2, 3, false, 5), (16, 3, 4, true, 6),
        (7, 2, 5, false, 7), (20, 1, 33, true, 8),
    ];

    private static InstructionSet Require(string name)
    {
        InstructionSet set = InstructionSet.All.Single(set => set.Name == name);
        Assert.SkipUnless(set.IsSupported, $"this machine has no {name}");
        return set;
    }
}

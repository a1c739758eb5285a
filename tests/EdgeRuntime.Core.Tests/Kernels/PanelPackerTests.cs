using System;
using System.Linq;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Panels;
using Xunit;

namespace EdgeRuntime.Core.Tests.Kernels;

public unsafe class PanelPackerTests
{
    public static TheoryData<TensorType, int> CopiedTypesAndBlocks
    {
        get
        {
            var data = new TheoryData<TensorType, int>();
            foreach (TensorFormat format in TensorFormats.All.Where(format => format.IsScalesThenQuants))
            {
                foreach (int blocks in Enumerable.Range(1, PackedLayout.StripBlocks))
                {
                    data.Add(format.Type, blocks);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(CopiedTypesAndBlocks))]
    public void TryCopyStrips_AnySize_EqualsTakingBlocksApart(TensorType type, int blocks)
    {
        Assert.SkipUnless(RowInterleaver.IsSupported, "this machine packs row by row");
        (TensorFormat format, PackedLayout layout, byte[] source) = Case(type, blocks);
        int rowBytes = source.Length / PackedLayout.PanelRows;
        byte[] expected = new byte[layout.PanelBytes(blocks * ActivationLayout.BlockColumns)];
        byte[] copied = new byte[expected.Length];
        fixed (byte* rows = source, expectedPanel = expected, copiedPanel = copied)
        {
            for (int r = 0; r < PackedLayout.PanelRows; r++)
            {
                PackApart(format, layout, blocks, source.AsSpan(r * rowBytes, rowBytes), expectedPanel, r);
            }

            Assert.True(PanelPacker.TryCopyStrips(layout, rows, rowBytes, blocks, copiedPanel));
        }

        Assert.Equal(expected, copied);
    }

    [Theory]
    [MemberData(nameof(CopiedTypesAndBlocks))]
    public void TryCopyStrips_ScaleThatIsNotFinite_IsRefused(TensorType type, int blocks)
    {
        Assert.SkipUnless(RowInterleaver.IsSupported, "this machine packs row by row");
        (TensorFormat format, PackedLayout layout, byte[] source) = Case(type, blocks);
        byte[] panel = new byte[layout.PanelBytes(blocks * ActivationLayout.BlockColumns)];
        for (int scale = 0; scale < (1 + layout.Mins); scale++)
        {
            byte[] changed = [.. source];
            BitConverter.TryWriteBytes(changed.AsSpan(((blocks - 1) * format.BlockBytes) + (scale * sizeof(ushort))), Half.NaN);
            fixed (byte* rows = changed, pointer = panel)
            {
                Assert.False(PanelPacker.TryCopyStrips(layout, rows, changed.Length / PackedLayout.PanelRows, blocks, pointer));
            }
        }
    }

    private static (TensorFormat Format, PackedLayout Layout, byte[] Rows) Case(TensorType type, int blocks)
    {
        TensorFormat format = TensorFormats.Get(type);
        int columns = blocks * ActivationLayout.BlockColumns;
        byte[] rows = MatrixCase.RandomRows(format, PackedLayout.PanelRows, columns, new Random(blocks));
        return (format, PackedLayouts.Find(format.Shape!.Value), rows);
    }

    private static void PackApart(TensorFormat format, PackedLayout layout, int blocks, ReadOnlySpan<byte> row, byte* panel, int r)
    {
        Span<byte> quants = stackalloc byte[ActivationLayout.BlockColumns];
        BlockScales scales = default;
        for (int b = 0; b < blocks; b++)
        {
            format.Decompose(row.Slice(b * format.BlockBytes, format.BlockBytes), quants, ref scales);
            layout.PackScales(in scales, panel, b, r);
            PanelPacker.PackQuants(layout.Shape.Bits, quants, panel + layout.ScaleBytes(blocks) + (b * layout.BlockBytes), r);
        }
    }
}

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
    public void CopyStrip_AnySize_EqualsTakingBlocksApart(TensorType type, int blocks)
    {
        TensorFormat format = TensorFormats.Get(type);
        PackedLayout layout = PackedLayouts.Find(format.Shape!.Value);
        int columns = blocks * ActivationLayout.BlockColumns;
        byte[] source = MatrixCase.RandomRows(format, PackedLayout.PanelRows, columns, new Random(blocks));
        byte[] expected = new byte[layout.PanelBytes(columns)];
        byte[] copied = new byte[expected.Length];
        int rowBytes = (int)format.RowBytes(columns);
        fixed (byte* expectedPanel = expected, copiedPanel = copied)
        {
            for (int r = 0; r < PackedLayout.PanelRows; r++)
            {
                ReadOnlySpan<byte> row = source.AsSpan(r * rowBytes, rowBytes);
                PackApart(format, layout, blocks, row, expectedPanel, r);
                Assert.Equal(-1, PanelPacker.CopyStrip(layout, row, copiedPanel, r));
            }
        }

        Assert.Equal(expected, copied);
    }

    [Theory]
    [MemberData(nameof(CopiedTypesAndBlocks))]
    public void CopyStrip_ScaleThatIsNotFinite_NamesItsColumn(TensorType type, int blocks)
    {
        TensorFormat format = TensorFormats.Get(type);
        PackedLayout layout = PackedLayouts.Find(format.Shape!.Value);
        int columns = blocks * ActivationLayout.BlockColumns;
        byte[] panel = new byte[layout.PanelBytes(columns)];
        for (int scale = 0; scale < (1 + layout.Mins); scale++)
        {
            byte[] row = MatrixCase.RandomRows(format, 1, columns, new Random(blocks));
            BitConverter.TryWriteBytes(row.AsSpan(((blocks - 1) * format.BlockBytes) + (scale * sizeof(ushort))), Half.NaN);
            fixed (byte* pointer = panel)
            {
                Assert.Equal(columns - ActivationLayout.BlockColumns, PanelPacker.CopyStrip(layout, row, pointer, 0));
            }
        }
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

using System;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Kernels.Scalar;

/// <summary>Packed panel to expanded panel, one weight at a time: the definition of <see cref="PackedLayout"/>.</summary>
internal static unsafe class ScalarExpand
{
    private const int PanelRows = ExpandedPanelLayout.PanelRows;
    private const int VectorBytes = 4 * PanelRows;

    /// <inheritdoc cref="PanelKernels.Expand"/>
    public static void Panel(PackedLayout layout, byte* panel, int blocks, byte* expanded)
    {
        for (int first = 0; first < blocks; first += PackedLayout.ChunkBlocks)
        {
            int count = Math.Min(PackedLayout.ChunkBlocks, blocks - first);
            byte* quants = panel + layout.ScaleBytes(count);
            for (int b = 0; b < count; b++)
            {
                for (int i = 0; i < ActivationLayout.BlockColumns * PanelRows; i++)
                {
                    int bits = QuantBits(layout.Shape.Bits, quants, i / VectorBytes, i % VectorBytes);
                    expanded[i] = (byte)Value(layout.Shape, bits);
                }

                float* scales = (float*)(expanded + (ActivationLayout.BlockColumns * PanelRows));
                for (int r = 0; r < PanelRows; r++)
                {
                    Scales(layout.Shape.Scales, panel, b, r, scales);
                }

                quants += layout.BlockBytes;
                expanded += layout.Expanded.BlockBytes;
            }

            panel += layout.ChunkBytes(count);
        }
    }

    /// <summary>The quant that some bits stand for.</summary>
    private static int Value(QuantShape shape, int bits) =>
        shape.Code == QuantCode.NonLinear4 ? NonLinear4.Values[bits] + shape.Offset : bits;

    /// <summary>The bits of the quant of byte i (4 r + j) of group g (column 4 g + j) of a block.</summary>
    private static int QuantBits(int bits, byte* block, int g, int i)
    {
        if (bits == 8)
        {
            return block[(g * VectorBytes) + i];
        }

        int low = (block[(g % 4 * VectorBytes) + i] >> (g / 4 * 4)) & 15;
        byte* high = block + (4 * VectorBytes) + i;
        return bits switch
        {
            4 => low,
            5 => low | (((*high >> g) & 1) << 4),
            6 => low | (((high[g / 4 * VectorBytes] >> (g % 4 * 2)) & 3) << 4),
            _ => throw new ArgumentOutOfRangeException(nameof(bits), bits, "no packed layout has so many bits"),
        };
    }

    /// <summary>Row r's scales and minimum of block b of a chunk, to where the expanded block keeps them.</summary>
    private static void Scales(ScaleKind kind, byte* chunk, int b, int r, float* scales)
    {
        ushort* half = (ushort*)chunk + r;
        switch (kind)
        {
            case ScaleKind.Half:
                scales[r] = HalfBits.ToSingle(half[b * PanelRows]);
                break;
            case ScaleKind.HalfAndMin:
                scales[r] = HalfBits.ToSingle(half[2 * b * PanelRows]);
                scales[PanelRows + r] = HalfBits.ToSingle(half[((2 * b) + 1) * PanelRows]);
                break;
            case ScaleKind.SuperBlockMins:
                byte* sc = chunk + (4 * PanelRows) + (b * PanelRows) + r;
                scales[r] = HalfBits.ToSingle(half[0]) * sc[0];
                scales[PanelRows + r] = -(HalfBits.ToSingle(half[PanelRows]) * sc[PackedLayout.ChunkBlocks * PanelRows]);
                break;
            case ScaleKind.SuperBlock16:
                sbyte* sc16 = (sbyte*)chunk + (2 * PanelRows) + (2 * b * PanelRows) + r;
                scales[r] = HalfBits.ToSingle(half[0]) * sc16[0];
                scales[PanelRows + r] = HalfBits.ToSingle(half[0]) * sc16[PanelRows];
                break;
            case ScaleKind.SuperBlock32:
                scales[r] = HalfBits.ToSingle(half[0]) * ((sbyte*)chunk)[(2 * PanelRows) + (b * PanelRows) + r];
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "no packed layout has such scales");
        }
    }
}

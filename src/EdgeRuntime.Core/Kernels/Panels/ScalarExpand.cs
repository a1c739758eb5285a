using System;
using EdgeRuntime.Formats;
using static EdgeRuntime.Kernels.Panels.PackedLayout;

namespace EdgeRuntime.Kernels.Panels;

/// <summary>Packed panel to expanded panel, one weight at a time: the definition of <see cref="PackedLayout"/>.</summary>
internal static unsafe class ScalarExpand
{
    private const int PanelRows = ExpandedPanelLayout.PanelRows;
    private const int ShiftedLevels = 8;
    private const int Shift = 2;

    /// <inheritdoc cref="PackedLayout.Expand"/>
    public static void Panel<TQuants, TScales>(byte* panel, int blocks, byte* expanded)
        where TQuants : unmanaged, IPanelQuants
        where TScales : struct, IPanelScales
    {
        PackedLayout layout = PackedLayout<TQuants, TScales>.Instance;
        for (int first = 0; first < blocks; first += StripBlocks)
        {
            int count = Math.Min(StripBlocks, blocks - first);
            byte* quants = panel + layout.ScaleBytes(count);
            for (int b = 0; b < count; b++)
            {
                for (int i = 0; i < 8 * VectorBytes; i++)
                {
                    int quant = QuantBits(TQuants.Bits, quants, i / VectorBytes, i % VectorBytes);
                    expanded[i] = (byte)Level<TScales>(TQuants.Code, quant, panel, b, i);
                }

                for (int r = 0; r < PanelRows; r++)
                {
                    Scales<TQuants, TScales>(panel, b, r, (float*)(expanded + (8 * VectorBytes)) + r);
                }

                quants += layout.BlockBytes;
                expanded += layout.Expanded.BlockBytes;
            }

            panel += layout.StripBytes(count);
        }
    }

    private static int Level<TScales>(QuantCode code, int quant, byte* strip, int b, int i)
        where TScales : struct, IPanelScales
    {
        if (TScales.Kind != ScaleKind.Nibbles16Shifts)
        {
            return code.Level(quant);
        }

        int shifted = TScales.ShiftBits(strip, b, i % VectorBytes / 4) >> (i / VectorBytes / 2);
        return (ShiftedLevels * quant) + (Shift * (shifted & 1));
    }

    /// <summary>The bits of the quant of byte i (4 r + j) of group g (column 4 g + j) of a block.</summary>
    private static int QuantBits(int bits, byte* block, int g, int i)
    {
        int Bit(int vector) => (block[(vector * VectorBytes) + i] >> g) & 1;
        int Pair(int vector) => (block[((vector + (g / 4)) * VectorBytes) + i] >> (g % 4 * 2)) & 3;
        int Nibble() => (block[(g % 4 * VectorBytes) + i] >> (g / 4 * 4)) & 15;
        return bits switch
        {
            1 => Bit(0),
            2 => Pair(0),
            3 => Pair(0) | (Bit(2) << 2),
            4 => Nibble(),
            5 => Nibble() | (Bit(4) << 4),
            6 => Nibble() | (Pair(4) << 4),
            8 => block[(g * VectorBytes) + i],
            _ => throw new ArgumentOutOfRangeException(nameof(bits), bits, "no packed layout has so many bits"),
        };
    }

    /// <summary>Row r's scales and minima of block b of a strip, to where the expanded block keeps them.</summary>
    private static void Scales<TQuants, TScales>(byte* strip, int b, int r, float* scales)
        where TQuants : unmanaged, IPanelQuants
        where TScales : struct, IPanelScales
    {
        for (int h = 0; h < TScales.Scales; h++)
        {
            scales[h * PanelRows] = TScales.Scale(strip, b, h, r, TQuants.Unit);
        }

        float* minima = scales + (TScales.Scales * PanelRows);
        if (TScales.Mins > 0)
        {
            *minima = TScales.Min(strip, b, r);
        }

        if (TScales.Mins == 2)
        {
            ((int*)minima)[PanelRows] = TScales.MinPair(strip, b, r);
        }
    }
}

using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Kernels;

/// <summary>Writes one row's quants and scales to their places in <see cref="PackedLayout"/>.</summary>
internal static unsafe class PanelPacker
{
    private const int PanelRows = ExpandedPanelLayout.PanelRows;

    /// <summary>
    /// A whole row of a format that <see cref="IQuantizedFormat{TSelf}.IsScalesThenNibbles"/>: moves scales and groups of four bytes as they are,
    /// which gives what <see cref="PackScales"/> and <see cref="PackQuants"/> give.
    /// </summary>
    /// <param name="layout">4 bits, with scales of kind Half or HalfAndMin.</param>
    /// <param name="blocks">Blocks of 32 columns in a row.</param>
    /// <param name="source">The row as in the file.</param>
    /// <param name="panel">A panel.</param>
    /// <param name="r">The row in the panel.</param>
    /// <returns>The first column of a block with a scale that is not finite, or -1.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int CopyRow(PackedLayout layout, int blocks, ReadOnlySpan<byte> source, byte* panel, int r)
    {
        const int Groups = 4;
        int scales = layout.HasMinima ? 2 : 1;
        fixed (byte* start = source)
        {
            byte* block = start;
            for (int first = 0; first < blocks; first += PackedLayout.ChunkBlocks)
            {
                int count = Math.Min(PackedLayout.ChunkBlocks, blocks - first);
                ushort* toScales = (ushort*)panel + r;
                uint* toQuants = (uint*)(panel + layout.ScaleBytes(count)) + r;
                for (int b = 0; b < count; b++)
                {
                    for (int s = 0; s < scales; s++)
                    {
                        ushort scale = *(ushort*)block;
                        if (!HalfBits.IsFinite(scale))
                        {
                            return (first + b) * ActivationLayout.BlockColumns;
                        }

                        *toScales = scale;
                        toScales += PanelRows;
                        block += sizeof(ushort);
                    }

                    for (int g = 0; g < Groups; g++)
                    {
                        toQuants[g * PanelRows] = ((uint*)block)[g];
                    }

                    toQuants += Groups * PanelRows;
                    block += Groups * sizeof(uint);
                }

                panel += layout.ChunkBytes(count);
            }
        }

        return -1;
    }

    /// <summary>The 32 quants of a block, four columns at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackQuants(int bits, ReadOnlySpan<byte> quants, byte* block, int r)
    {
        const uint Nibble = 0x0f0f0f0f;
        ReadOnlySpan<uint> fours = MemoryMarshal.Cast<byte, uint>(quants);
        uint* vector = (uint*)block + r;
        if (bits == 8)
        {
            for (int g = 0; g < 8; g++)
            {
                vector[g * PanelRows] = fours[g];
            }

            return;
        }

        for (int g = 0; g < 4; g++)
        {
            vector[g * PanelRows] = (fours[g] & Nibble) | ((fours[g + 4] & Nibble) << 4);
        }

        vector += 4 * PanelRows;
        if (bits == 5)
        {
            uint high = 0;
            for (int g = 0; g < 8; g++)
            {
                high |= ((fours[g] >> 4) & 0x01010101) << g;
            }

            vector[0] = high;
        }
        else if (bits == 6)
        {
            for (int p = 0; p < 2; p++)
            {
                uint high = 0;
                for (int i = 0; i < 4; i++)
                {
                    high |= ((fours[(4 * p) + i] >> 4) & 0x03030303) << (2 * i);
                }

                vector[p * PanelRows] = high;
            }
        }
    }

    /// <summary>The scales of block b of a chunk, or of a whole chunk where a super-block is one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackScales(ScaleKind kind, in BlockScales scales, byte* chunk, int b, int r)
    {
        ushort* half = (ushort*)chunk + r;
        switch (kind)
        {
            case ScaleKind.Half:
                half[b * PanelRows] = scales.D;
                break;
            case ScaleKind.HalfAndMin:
                half[2 * b * PanelRows] = scales.D;
                half[((2 * b) + 1) * PanelRows] = scales.Min;
                break;
            case ScaleKind.SuperBlockMins:
                half[0] = scales.D;
                half[PanelRows] = scales.Min;
                PackSubBlocks(scales.SubBlocks, chunk + (4 * PanelRows) + r);
                break;
            case ScaleKind.SuperBlock16:
                half[0] = scales.D;
                PackSubBlocks(scales.SubBlocks, chunk + (2 * PanelRows) + r);
                break;
            case ScaleKind.SuperBlock32:
                half[0] = scales.D;
                PackSubBlocks(scales.SubBlocks[..PackedLayout.ChunkBlocks], chunk + (2 * PanelRows) + r);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "no packed layout has such scales");
        }
    }

    private static void PackSubBlocks(ReadOnlySpan<byte> subBlocks, byte* destination)
    {
        for (int i = 0; i < subBlocks.Length; i++)
        {
            destination[i * PanelRows] = subBlocks[i];
        }
    }
}

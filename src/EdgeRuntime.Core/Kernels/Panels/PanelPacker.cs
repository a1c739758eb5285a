using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Kernels.Panels;

/// <summary>Writes one row's quants and scales to their places in <see cref="PackedLayout"/>.</summary>
internal static unsafe class PanelPacker
{
    private const int PanelRows = ExpandedPanelLayout.PanelRows;

    /// <summary>
    /// All sixteen rows of a strip of a format that <see cref="IQuantizedFormat{TSelf}.IsScalesThenQuants"/>: moves scales and groups of
    /// four bytes as they are, which gives what <see cref="PackedLayout.PackScales"/> and <see cref="PackQuants"/> give.
    /// </summary>
    /// <param name="layout">4 or 8 bits, with scales of kind Half or HalfAndMin.</param>
    /// <param name="source">The first row's blocks as in the file, all of the strip.</param>
    /// <param name="rowBytes">From one row to the next.</param>
    /// <param name="blocks">Blocks of a row.</param>
    /// <param name="strip">The strip.</param>
    /// <returns>False where a scale is not finite.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool TryCopyStrips(PackedLayout layout, byte* source, nint rowBytes, int blocks, byte* strip)
    {
        const int Rows = 4;
        int groups = layout.Shape.Bits;
        int scales = 1 + layout.Mins;

        // 8-bit quants are signed in files.
        Vector128<uint> flip = Vector128.Create(layout.Shape.Bits == 8 ? 0x80808080 : 0u);
        byte* quants = strip + layout.ScaleBytes(blocks);
        for (int r = 0; r < PanelRows; r += Rows)
        {
            byte* block = source + (r * rowBytes);
            ushort* toScales = (ushort*)strip + r;
            uint* toQuants = (uint*)quants + r;
            for (int b = 0; b < blocks; b++)
            {
                for (int s = 0; s < scales; s++)
                {
                    for (int i = 0; i < Rows; i++)
                    {
                        toScales[i] = *(ushort*)(block + (i * rowBytes));
                    }

                    toScales += PanelRows;
                    block += sizeof(ushort);
                }

                for (int g = 0; g < groups; g += 4)
                {
                    RowInterleaver.FourRows(block, rowBytes, flip, toQuants);
                    toQuants += 4 * PanelRows;
                    block += 4 * sizeof(uint);
                }
            }
        }

        return FloatExponents.AreFinite((ushort*)strip, blocks * scales * PanelRows, FloatExponents.F16);
    }

    /// <summary>The 32 quants of a block, four columns at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackQuants(int bits, ReadOnlySpan<byte> quants, byte* block, int r)
    {
        Span<uint> words = stackalloc uint[8];
        QuantWords.FromQuants(bits, quants, words);
        for (int g = 0; g < bits; g++)
        {
            ((uint*)block)[(g * PanelRows) + r] = words[g];
        }
    }

    /// <summary>The words of all sixteen rows of a strip to their places.</summary>
    /// <param name="words">Those of the first row.</param>
    /// <param name="rowWords">From one row to the next.</param>
    /// <param name="count">Words of a row.</param>
    /// <param name="quants">The strip's quants.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackWords(uint* words, int rowWords, int count, uint* quants)
    {
        const int Square = 4;
        for (int r = 0; r < PanelRows; r += Square)
        {
            uint* rows = words + (r * rowWords);
            int w = 0;
            for (; w <= count - Square; w += Square)
            {
                RowInterleaver.FourRows((byte*)(rows + w), rowWords * sizeof(uint), default, quants + (w * PanelRows) + r);
            }

            for (; w < count; w++)
            {
                for (int i = 0; i < Square; i++)
                {
                    quants[(w * PanelRows) + r + i] = rows[(i * rowWords) + w];
                }
            }
        }
    }
}

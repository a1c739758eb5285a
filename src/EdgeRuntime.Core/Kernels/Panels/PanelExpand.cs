using System;
using System.Runtime.CompilerServices;
using EdgeRuntime.Kernels.Vector;

namespace EdgeRuntime.Kernels.Panels;

/// <summary>A packed panel to <see cref="ExpandedPanelLayout"/>, in the words of <see cref="IPanelIsa{TVector}"/>.</summary>
internal static unsafe class PanelExpand
{
    /// <inheritdoc cref="PackedLayout.ExpandWith"/>
    public static void Panel<TIsa, TVector, TQuants, TScales>(byte* panel, int blocks, byte* expanded)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct
        where TQuants : unmanaged, IPanelQuants
        where TScales : struct, IPanelScales
    {
        PackedLayout layout = PackedLayout<TQuants, TScales>.Instance;
        int stride = layout.Expanded.BlockBytes;
        for (; blocks > 0; blocks -= PackedLayout.StripBlocks)
        {
            int count = Math.Min(blocks, PackedLayout.StripBlocks);
            Quants<TIsa, TVector, TQuants, TScales>(panel, panel + layout.ScaleBytes(count), count, expanded, stride);
            Scales<TIsa, TVector, TQuants, TScales>(panel, count, expanded + (8 * PackedLayout.VectorBytes), stride);
            panel += layout.StripBytes(count);
            expanded += count * stride;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Quants<TIsa, TVector, TQuants, TScales>(byte* strip, byte* quants, int blocks, byte* expanded, int stride)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct
        where TQuants : unmanaged, IPanelQuants
        where TScales : struct, IPanelScales
    {
        byte* ahead = quants + PanelPrefetch.Bytes;
        for (nint b = 0; b < blocks; b++)
        {
            ahead = PanelPrefetch.Block<TQuants>(ahead);
            for (int row = 0; row < PackedLayout.PanelRows; row += TIsa.Rows)
            {
                byte* q = quants + (4 * row);
                byte* target = expanded + (4 * row);
                TVector shifts = TScales.Shifts<TIsa, TVector>(strip, row, b);
                TIsa.Store(TQuants.Load<TIsa, TVector>(q, 0, shifts), target);
                TIsa.Store(TQuants.Load<TIsa, TVector>(q, 1, shifts), target + PackedLayout.VectorBytes);
                TIsa.Store(TQuants.Load<TIsa, TVector>(q, 2, shifts), target + (2 * PackedLayout.VectorBytes));
                TIsa.Store(TQuants.Load<TIsa, TVector>(q, 3, shifts), target + (3 * PackedLayout.VectorBytes));
                TIsa.Store(TQuants.Load<TIsa, TVector>(q, 4, shifts), target + (4 * PackedLayout.VectorBytes));
                TIsa.Store(TQuants.Load<TIsa, TVector>(q, 5, shifts), target + (5 * PackedLayout.VectorBytes));
                TIsa.Store(TQuants.Load<TIsa, TVector>(q, 6, shifts), target + (6 * PackedLayout.VectorBytes));
                TIsa.Store(TQuants.Load<TIsa, TVector>(q, 7, shifts), target + (7 * PackedLayout.VectorBytes));
            }

            quants += TQuants.Bits * PackedLayout.VectorBytes;
            expanded += stride;
        }
    }

    /// <summary>Expands the scales and minima of a strip.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scales<TIsa, TVector, TQuants, TScales>(byte* strip, int blocks, byte* expanded, int stride)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct
        where TQuants : unmanaged, IPanelQuants
        where TScales : struct, IPanelScales
    {
        for (int row = 0; row < PackedLayout.PanelRows; row += TIsa.Rows)
        {
            StripScales<TVector> scales = TScales.Begin<TIsa, TVector>(strip, row, TQuants.Unit);
            byte* target = expanded + (4 * row);
            for (nint b = 0; b < blocks; b++)
            {
                TIsa.Store(TScales.Scale<TIsa, TVector>(in scales, b, 0), target);
                if (TScales.Scales == 2)
                {
                    TIsa.Store(TScales.Scale<TIsa, TVector>(in scales, b, 1), target + PackedLayout.VectorBytes);
                }

                if (TScales.Mins > 0)
                {
                    TIsa.Store(TScales.Min<TIsa, TVector>(in scales, b), target + (TScales.Scales * PackedLayout.VectorBytes));
                }

                if (TScales.Mins == 2)
                {
                    TIsa.Store(TScales.MinPairs<TIsa, TVector>(in scales, b), target + ((TScales.Scales + 1) * PackedLayout.VectorBytes));
                }

                target += stride;
            }
        }
    }
}

/// <summary>
/// Asks for packed panels before they are read: the processor's own prefetchers lose the two streams of a strip (measured:
/// 9 GB/s without, with scales of 64 bytes a block).
/// </summary>
internal static unsafe class PanelPrefetch
{
    /// <summary>How far ahead of the strip.</summary>
    public const int Bytes = 4096;

    private const int CacheLine = 64;

    /// <summary>Asks for as many lines as a block takes with its scales; returns where the next block's begin.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Block<TQuants>(byte* ahead)
        where TQuants : unmanaged, IPanelQuants
    {
        Prefetch.Line(ahead);
        Prefetch.Line(ahead + CacheLine);
        if (TQuants.Bits > 1) { Prefetch.Line(ahead + (2 * CacheLine)); }
        if (TQuants.Bits > 2) { Prefetch.Line(ahead + (3 * CacheLine)); }
        if (TQuants.Bits > 3) { Prefetch.Line(ahead + (4 * CacheLine)); }
        if (TQuants.Bits > 4) { Prefetch.Line(ahead + (5 * CacheLine)); }
        if (TQuants.Bits > 5) { Prefetch.Line(ahead + (6 * CacheLine)); }
        if (TQuants.Bits > 6) { Prefetch.Line(ahead + (7 * CacheLine)); Prefetch.Line(ahead + (8 * CacheLine)); }
        return ahead + ((TQuants.Bits + 1) * CacheLine);
    }
}

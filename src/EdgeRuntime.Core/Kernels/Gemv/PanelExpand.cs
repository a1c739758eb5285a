using System;
using System.Runtime.CompilerServices;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Kernels.Gemv;

/// <summary>
/// A packed panel to <see cref="ExpandedPanelLayout"/>, with the same words as <see cref="PanelGemv{TIsa,TVector}"/>.
/// </summary>
internal static unsafe class PanelExpand
{
    /// <inheritdoc cref="PanelKernels.Expand"/>
    public static void Panel<TIsa, TVector>(PackedLayout layout, byte* panel, int blocks, byte* expanded)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct
    {
        for (; blocks > 0; blocks -= PackedLayout.ChunkBlocks)
        {
            int count = Math.Min(blocks, PackedLayout.ChunkBlocks);
            Chunk<TIsa, TVector>(layout, panel, count, expanded);
            panel += layout.ChunkBytes(count);
            expanded += count * layout.Expanded.BlockBytes;
        }
    }

    private static void Chunk<TIsa, TVector>(PackedLayout layout, byte* chunk, int blocks, byte* expanded)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct
    {
        byte* quants = chunk + layout.ScaleBytes(blocks);
        int stride = layout.Expanded.BlockBytes;
        switch (layout.Shape.Code, layout.Shape.Bits)
        {
            case (QuantCode.Linear, 4):
                Quants<TIsa, TVector, Quants4>(quants, layout.BlockBytes, blocks, expanded, stride);
                break;
            case (QuantCode.Linear, 5):
                Quants<TIsa, TVector, Quants5>(quants, layout.BlockBytes, blocks, expanded, stride);
                break;
            case (QuantCode.Linear, 6):
                Quants<TIsa, TVector, Quants6>(quants, layout.BlockBytes, blocks, expanded, stride);
                break;
            case (QuantCode.Linear, 8):
                Quants<TIsa, TVector, Quants8>(quants, layout.BlockBytes, blocks, expanded, stride);
                break;
            case (QuantCode.NonLinear4, 4):
                Quants<TIsa, TVector, QuantsNonLinear4>(quants, layout.BlockBytes, blocks, expanded, stride);
                break;
        }

        byte* scales = expanded + (ActivationLayout.BlockColumns * PackedLayout.PanelRows);
        switch (layout.Shape.Scales)
        {
            case ScaleKind.Half:
                Scales<TIsa, TVector, HalfScales<TIsa, TVector>>(chunk, blocks, scales, stride);
                break;
            case ScaleKind.HalfAndMin:
                Scales<TIsa, TVector, HalfAndMinScales<TIsa, TVector>>(chunk, blocks, scales, stride);
                break;
            case ScaleKind.SuperBlockMins:
                Scales<TIsa, TVector, SuperBlockMinScales<TIsa, TVector>>(chunk, blocks, scales, stride);
                break;
            case ScaleKind.SuperBlock16:
                Scales<TIsa, TVector, SuperBlockScales<TIsa, TVector, TwoScales>>(chunk, blocks, scales, stride);
                break;
            case ScaleKind.SuperBlock32:
                Scales<TIsa, TVector, SuperBlockScales<TIsa, TVector, OneScale>>(chunk, blocks, scales, stride);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Quants<TIsa, TVector, TQuants>(byte* quants, int blockBytes, int blocks, byte* expanded, int stride)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct
        where TQuants : struct, IPanelQuants
    {
        byte* ahead = quants + PanelGemv.PrefetchBytes;
        for (int b = 0; b < blocks; b++)
        {
            ahead = PanelGemv.PrefetchBlock<TIsa, TVector, TQuants>(ahead);
            for (int at = 0; at < PanelGemv.VectorBytes; at += 4 * TIsa.Rows)
            {
                byte* q = quants + at;
                byte* target = expanded + at;
                TIsa.Store(TQuants.Load<TIsa, TVector>(q, 0), target);
                TIsa.Store(TQuants.Load<TIsa, TVector>(q, 1), target + PanelGemv.VectorBytes);
                TIsa.Store(TQuants.Load<TIsa, TVector>(q, 2), target + (2 * PanelGemv.VectorBytes));
                TIsa.Store(TQuants.Load<TIsa, TVector>(q, 3), target + (3 * PanelGemv.VectorBytes));
                TIsa.Store(TQuants.Load<TIsa, TVector>(q, 4), target + (4 * PanelGemv.VectorBytes));
                TIsa.Store(TQuants.Load<TIsa, TVector>(q, 5), target + (5 * PanelGemv.VectorBytes));
                TIsa.Store(TQuants.Load<TIsa, TVector>(q, 6), target + (6 * PanelGemv.VectorBytes));
                TIsa.Store(TQuants.Load<TIsa, TVector>(q, 7), target + (7 * PanelGemv.VectorBytes));
            }

            quants += blockBytes;
            expanded += stride;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scales<TIsa, TVector, TScales>(byte* chunk, int blocks, byte* expanded, int stride)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct
        where TScales : struct, IPanelScales<TScales, TVector>
    {
        bool hasHalves = TScales.Kind is ScaleKind.SuperBlock16;
        bool hasMinima = TScales.Kind is ScaleKind.HalfAndMin or ScaleKind.SuperBlockMins;
        for (int row = 0; row < PackedLayout.PanelRows; row += TIsa.Rows)
        {
            TScales scales = TScales.Begin(chunk, row);
            byte* target = expanded + (4 * row);
            for (int b = 0; b < blocks; b++)
            {
                TIsa.Store(scales.Scale(b, 0), target);
                if (hasHalves)
                {
                    TIsa.Store(scales.Scale(b, 1), target + PanelGemv.VectorBytes);
                }
                else if (hasMinima)
                {
                    TIsa.Store(scales.Min(b), target + PanelGemv.VectorBytes);
                }

                target += stride;
            }
        }
    }
}

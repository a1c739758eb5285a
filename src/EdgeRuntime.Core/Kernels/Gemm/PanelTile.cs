using System;
using System.Runtime.CompilerServices;
using EdgeRuntime.Kernels.Panels;
using EdgeRuntime.Kernels.Vector;

namespace EdgeRuntime.Kernels.Gemm;

/// <summary>
/// An expanded panel times a tile of tokens, in the order of <see cref="ExpandedPanelLayout"/>. Lanes are rows; the sums of up to
/// eight tokens stay in registers over all blocks.
/// </summary>
internal abstract unsafe class PanelTile<TIsa, TVector> : IPanelTile
    where TIsa : struct, IPanelIsa<TVector>
    where TVector : struct
{
    private const int PanelRows = ExpandedPanelLayout.PanelRows;
    private const int StepBytes = 4 * PanelRows;
    private const int QuantBytes = 8 * StepBytes;

    private const int MaxLanes = 16;

    public static void Multiply<TQuants, TScales>(
        byte* panels, byte* activations, int blocks, int tokens, float* y, int yStride, int rows, bool continued)
        where TQuants : unmanaged, IPanelQuants
        where TScales : struct, IPanelScales
    {
        // The loops write whole vectors: those of rows that are not wanted go elsewhere first.
        float* whole = stackalloc float[PanelKernels.MostTileTokens * MaxLanes];
        long panelBytes = (long)blocks * ExpandedPanelLayout.BytesOfBlock(TScales.Scales, TScales.Mins);
        for (int row = 0; row < rows; row += TIsa.Rows)
        {
            byte* place = panels + (row / PanelRows * panelBytes) + (row % PanelRows * sizeof(int));
            if (rows - row >= TIsa.Rows)
            {
                MultiplyVector<TQuants, TScales>(place, activations, blocks, tokens, y + row, yStride, continued);
                continue;
            }

            CopyRows(y + row, yStride, whole, TIsa.Rows, tokens, continued ? rows - row : 0);
            MultiplyVector<TQuants, TScales>(place, activations, blocks, tokens, whole, TIsa.Rows, continued);
            CopyRows(whole, TIsa.Rows, y + row, yStride, tokens, rows - row);
        }
    }

    private static void CopyRows(float* source, long sourceStride, float* target, long targetStride, int tokens, int rows)
    {
        for (int token = 0; token < tokens; token++)
        {
            new ReadOnlySpan<float>(source + (token * sourceStride), rows).CopyTo(new Span<float>(target + (token * targetStride), rows));
        }
    }

    private static void MultiplyVector<TQuants, TScales>(
        byte* panel, byte* activations, int blocks, int tokens, float* y, long yStride, bool continued)
        where TQuants : unmanaged, IPanelQuants
        where TScales : struct, IPanelScales
    {
        for (int token = 0; token < tokens;)
        {
            token += MultiplySome<TQuants, TScales>(panel, activations, blocks, tokens, token, y + (token * yStride), yStride, continued);
        }
    }

    /// <summary>Multiplies as many tokens as one compiled loop takes; returns how many.</summary>
    private static int MultiplySome<TQuants, TScales>(
        byte* panel, byte* activations, int blocks, int tokens, int first, float* y, long yStride, bool continued)
        where TQuants : unmanaged, IPanelQuants
        where TScales : struct, IPanelScales
    {
        int left = tokens - first;
        if (TIsa.TileTokens >= 8 && left >= 8)
        {
            Rows<TQuants, TScales, Count8>(panel, activations, blocks, tokens, first, y, yStride, continued);
            return 8;
        }

        if (TIsa.TileTokens >= 8 && left >= 6)
        {
            Rows<TQuants, TScales, Count6>(panel, activations, blocks, tokens, first, y, yStride, continued);
            return 6;
        }

        switch (left)
        {
            case 1:
                Rows<TQuants, TScales, Count1>(panel, activations, blocks, tokens, first, y, yStride, continued);
                return 1;
            case 2:
                Rows<TQuants, TScales, Count2>(panel, activations, blocks, tokens, first, y, yStride, continued);
                return 2;
            case 3:
                Rows<TQuants, TScales, Count3>(panel, activations, blocks, tokens, first, y, yStride, continued);
                return 3;
            default:
                Rows<TQuants, TScales, Count4>(panel, activations, blocks, tokens, first, y, yStride, continued);
                return 4;
        }
    }

    /// <summary>The tokens first..first + TCount of the tile, for the rows of one vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows<TQuants, TScales, TCount>(
        byte* panel, byte* activations, int blocks, int tokens, int first, float* y, long yStride, bool continued)
        where TQuants : unmanaged, IPanelQuants
        where TScales : struct, IPanelScales
        where TCount : unmanaged
    {
        int step = 4 * tokens;
        int blockBytes = ExpandedPanelLayout.BytesOfBlock(TScales.Scales, TScales.Mins);
        TVector offsets = TIsa.TileOffsets<TQuants>(TScales.Scales);
        TVector acc0 = default, acc1 = default, acc2 = default, acc3 = default;
        TVector acc4 = default, acc5 = default, acc6 = default, acc7 = default;
        if (continued)
        {
            acc0 = TIsa.Load(y);
            if (sizeof(TCount) > 1) { acc1 = TIsa.Load(y + yStride); }
            if (sizeof(TCount) > 2) { acc2 = TIsa.Load(y + (2 * yStride)); }
            if (sizeof(TCount) > 3) { acc3 = TIsa.Load(y + (3 * yStride)); }
            if (sizeof(TCount) > 4) { acc4 = TIsa.Load(y + (4 * yStride)); }
            if (sizeof(TCount) > 5) { acc5 = TIsa.Load(y + (5 * yStride)); }
            if (sizeof(TCount) > 6) { acc6 = TIsa.Load(y + (6 * yStride)); }
            if (sizeof(TCount) > 7) { acc7 = TIsa.Load(y + (7 * yStride)); }
        }

        for (; blocks > 0; blocks--)
        {
            sbyte* a = (sbyte*)activations + (4 * first);
            float* d = (float*)(activations + (8 * step)) + first;
            float* dsum = d + tokens;
            short* sum16 = (short*)((float*)(activations + (8 * step)) + (2 * tokens)) + (2 * first);
            byte* scales = panel + QuantBytes;
            TVector sum0 = default, sum1 = default, sum2 = default, sum3 = default;
            TVector sum4 = default, sum5 = default, sum6 = default, sum7 = default;

            TVector w0 = TIsa.TileQuants<TQuants>(panel);
            TVector w1 = TIsa.TileQuants<TQuants>(panel + StepBytes);
            TVector w2 = TIsa.TileQuants<TQuants>(panel + (2 * StepBytes));
            TVector w3 = TIsa.TileQuants<TQuants>(panel + (3 * StepBytes));
            sum0 = TIsa.TileDot<TQuants>(sum0, w0, w1, w2, w3, a, step);
            if (sizeof(TCount) > 1) { sum1 = TIsa.TileDot<TQuants>(sum1, w0, w1, w2, w3, a + 4, step); }
            if (sizeof(TCount) > 2) { sum2 = TIsa.TileDot<TQuants>(sum2, w0, w1, w2, w3, a + 8, step); }
            if (sizeof(TCount) > 3) { sum3 = TIsa.TileDot<TQuants>(sum3, w0, w1, w2, w3, a + 12, step); }
            if (sizeof(TCount) > 4) { sum4 = TIsa.TileDot<TQuants>(sum4, w0, w1, w2, w3, a + 16, step); }
            if (sizeof(TCount) > 5) { sum5 = TIsa.TileDot<TQuants>(sum5, w0, w1, w2, w3, a + 20, step); }
            if (sizeof(TCount) > 6) { sum6 = TIsa.TileDot<TQuants>(sum6, w0, w1, w2, w3, a + 24, step); }
            if (sizeof(TCount) > 7) { sum7 = TIsa.TileDot<TQuants>(sum7, w0, w1, w2, w3, a + 28, step); }

            if (TScales.Scales == 2)
            {
                // The sum of the first 16 as the upper half of the int32 that ends there, as that of the last 16 is below. Reading
                // the same int32 twice would make the JIT keep it for every token, which there are no registers for.
                TVector first16 = TIsa.Load((float*)scales);
                acc0 = Add<TQuants>(sum0, first16, d, sum16 - 1, offsets, acc0);
                if (sizeof(TCount) > 1) { acc1 = Add<TQuants>(sum1, first16, d + 1, sum16 + 1, offsets, acc1); }
                if (sizeof(TCount) > 2) { acc2 = Add<TQuants>(sum2, first16, d + 2, sum16 + 3, offsets, acc2); }
                if (sizeof(TCount) > 3) { acc3 = Add<TQuants>(sum3, first16, d + 3, sum16 + 5, offsets, acc3); }
                if (sizeof(TCount) > 4) { acc4 = Add<TQuants>(sum4, first16, d + 4, sum16 + 7, offsets, acc4); }
                if (sizeof(TCount) > 5) { acc5 = Add<TQuants>(sum5, first16, d + 5, sum16 + 9, offsets, acc5); }
                if (sizeof(TCount) > 6) { acc6 = Add<TQuants>(sum6, first16, d + 6, sum16 + 11, offsets, acc6); }
                if (sizeof(TCount) > 7) { acc7 = Add<TQuants>(sum7, first16, d + 7, sum16 + 13, offsets, acc7); }
                scales += StepBytes;
                sum0 = sum1 = sum2 = sum3 = sum4 = sum5 = sum6 = sum7 = default;
            }

            a += 4 * step;
            w0 = TIsa.TileQuants<TQuants>(panel + (4 * StepBytes));
            w1 = TIsa.TileQuants<TQuants>(panel + (5 * StepBytes));
            w2 = TIsa.TileQuants<TQuants>(panel + (6 * StepBytes));
            w3 = TIsa.TileQuants<TQuants>(panel + (7 * StepBytes));
            sum0 = TIsa.TileDot<TQuants>(sum0, w0, w1, w2, w3, a, step);
            if (sizeof(TCount) > 1) { sum1 = TIsa.TileDot<TQuants>(sum1, w0, w1, w2, w3, a + 4, step); }
            if (sizeof(TCount) > 2) { sum2 = TIsa.TileDot<TQuants>(sum2, w0, w1, w2, w3, a + 8, step); }
            if (sizeof(TCount) > 3) { sum3 = TIsa.TileDot<TQuants>(sum3, w0, w1, w2, w3, a + 12, step); }
            if (sizeof(TCount) > 4) { sum4 = TIsa.TileDot<TQuants>(sum4, w0, w1, w2, w3, a + 16, step); }
            if (sizeof(TCount) > 5) { sum5 = TIsa.TileDot<TQuants>(sum5, w0, w1, w2, w3, a + 20, step); }
            if (sizeof(TCount) > 6) { sum6 = TIsa.TileDot<TQuants>(sum6, w0, w1, w2, w3, a + 24, step); }
            if (sizeof(TCount) > 7) { sum7 = TIsa.TileDot<TQuants>(sum7, w0, w1, w2, w3, a + 28, step); }

            TVector last = TIsa.Load((float*)scales);
            acc0 = Add<TQuants>(sum0, last, d, sum16, offsets, acc0);
            if (sizeof(TCount) > 1) { acc1 = Add<TQuants>(sum1, last, d + 1, sum16 + 2, offsets, acc1); }
            if (sizeof(TCount) > 2) { acc2 = Add<TQuants>(sum2, last, d + 2, sum16 + 4, offsets, acc2); }
            if (sizeof(TCount) > 3) { acc3 = Add<TQuants>(sum3, last, d + 3, sum16 + 6, offsets, acc3); }
            if (sizeof(TCount) > 4) { acc4 = Add<TQuants>(sum4, last, d + 4, sum16 + 8, offsets, acc4); }
            if (sizeof(TCount) > 5) { acc5 = Add<TQuants>(sum5, last, d + 5, sum16 + 10, offsets, acc5); }
            if (sizeof(TCount) > 6) { acc6 = Add<TQuants>(sum6, last, d + 6, sum16 + 12, offsets, acc6); }
            if (sizeof(TCount) > 7) { acc7 = Add<TQuants>(sum7, last, d + 7, sum16 + 14, offsets, acc7); }

            if (TScales.Mins == 1)
            {
                TVector min = TIsa.Load((float*)(scales + StepBytes));
                acc0 = TIsa.AddMultiplied(acc0, min, dsum);
                if (sizeof(TCount) > 1) { acc1 = TIsa.AddMultiplied(acc1, min, dsum + 1); }
                if (sizeof(TCount) > 2) { acc2 = TIsa.AddMultiplied(acc2, min, dsum + 2); }
                if (sizeof(TCount) > 3) { acc3 = TIsa.AddMultiplied(acc3, min, dsum + 3); }
                if (sizeof(TCount) > 4) { acc4 = TIsa.AddMultiplied(acc4, min, dsum + 4); }
                if (sizeof(TCount) > 5) { acc5 = TIsa.AddMultiplied(acc5, min, dsum + 5); }
                if (sizeof(TCount) > 6) { acc6 = TIsa.AddMultiplied(acc6, min, dsum + 6); }
                if (sizeof(TCount) > 7) { acc7 = TIsa.AddMultiplied(acc7, min, dsum + 7); }
            }

            if (TScales.Mins == 2)
            {
                TVector min = TIsa.Load((float*)(scales + StepBytes));
                TVector pairs = TIsa.Load(scales + (2 * StepBytes));
                acc0 = TIsa.AddScaled(acc0, TIsa.MultiplySums(pairs, sum16), min, d);
                if (sizeof(TCount) > 1) { acc1 = TIsa.AddScaled(acc1, TIsa.MultiplySums(pairs, sum16 + 2), min, d + 1); }
                if (sizeof(TCount) > 2) { acc2 = TIsa.AddScaled(acc2, TIsa.MultiplySums(pairs, sum16 + 4), min, d + 2); }
                if (sizeof(TCount) > 3) { acc3 = TIsa.AddScaled(acc3, TIsa.MultiplySums(pairs, sum16 + 6), min, d + 3); }
                if (sizeof(TCount) > 4) { acc4 = TIsa.AddScaled(acc4, TIsa.MultiplySums(pairs, sum16 + 8), min, d + 4); }
                if (sizeof(TCount) > 5) { acc5 = TIsa.AddScaled(acc5, TIsa.MultiplySums(pairs, sum16 + 10), min, d + 5); }
                if (sizeof(TCount) > 6) { acc6 = TIsa.AddScaled(acc6, TIsa.MultiplySums(pairs, sum16 + 12), min, d + 6); }
                if (sizeof(TCount) > 7) { acc7 = TIsa.AddScaled(acc7, TIsa.MultiplySums(pairs, sum16 + 14), min, d + 7); }
            }

            panel += blockBytes;
            activations += ActivationLayout.Int8BlockBytesPerToken * tokens;
        }

        TIsa.Store(acc0, y);
        if (sizeof(TCount) > 1) { TIsa.Store(acc1, y + yStride); }
        if (sizeof(TCount) > 2) { TIsa.Store(acc2, y + (2 * yStride)); }
        if (sizeof(TCount) > 3) { TIsa.Store(acc3, y + (3 * yStride)); }
        if (sizeof(TCount) > 4) { TIsa.Store(acc4, y + (4 * yStride)); }
        if (sizeof(TCount) > 5) { TIsa.Store(acc5, y + (5 * yStride)); }
        if (sizeof(TCount) > 6) { TIsa.Store(acc6, y + (6 * yStride)); }
        if (sizeof(TCount) > 7) { TIsa.Store(acc7, y + (7 * yStride)); }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Add<TQuants>(TVector sum, TVector scale, float* d, short* sum16, TVector offsets, TVector acc)
        where TQuants : unmanaged, IPanelQuants => TIsa.AddScaled(acc, TIsa.TileTotal<TQuants>(sum, sum16, offsets), scale, d);
}

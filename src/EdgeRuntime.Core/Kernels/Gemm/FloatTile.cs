using System;
using System.Runtime.CompilerServices;
using EdgeRuntime.Kernels.Panels;
using EdgeRuntime.Kernels.Vector;

namespace EdgeRuntime.Kernels.Gemm;

/// <summary>
/// A panel of floats, [columns][16 rows], times a tile of tokens, [columns][tokens]: acc = fma(w, x, acc) in column order, rows in
/// lanes. The sums of a group of tokens stay in registers over all columns.
/// </summary>
internal abstract unsafe class FloatTile<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    private const int PanelRows = ExpandedPanelLayout.PanelRows;

    /// <inheritdoc cref="PanelKernels.ExpandFloat"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Expand<TElement>(byte* panel, int columns, float* expanded)
        where TElement : struct, IFloatElement
    {
        long count = (long)columns * PanelRows;
        for (long i = 0; i < count; i += TLanes.Count)
        {
            TLanes.Store(TElement.Load<TLanes>(panel + (i * TElement.ElementBytes)), expanded + i);
        }
    }

    /// <inheritdoc cref="PanelKernels.GemmFloat"/>
    public static void Multiply(byte* panel, byte* activations, int columns, int tokens, float* y, int yStride, int rows)
    {
        float* x = (float*)activations;
        if (rows == PanelRows)
        {
            MultiplyRows(panel, x, columns, tokens, y, yStride);
            return;
        }

        // The loops write whole vectors.
        float* whole = stackalloc float[PanelKernels.MostTileTokens * PanelRows];
        MultiplyRows(panel, x, columns, tokens, whole, PanelRows);
        for (int token = 0; token < tokens; token++)
        {
            new ReadOnlySpan<float>(whole + (token * PanelRows), rows).CopyTo(new Span<float>(y + ((long)token * yStride), rows));
        }
    }

    private static void MultiplyRows(byte* panel, float* x, int columns, int tokens, float* y, long yStride)
    {
        for (int token = 0; token < tokens;)
        {
            int left = tokens - token;
            float* yToken = y + (token * yStride);
            token += TLanes.Count switch
            {
                16 => MultiplySome<Count1>(panel, x + token, columns, tokens, left, yToken, yStride),
                8 => MultiplySome<Count2>(panel, x + token, columns, tokens, left, yToken, yStride),
                _ => MultiplySome<Count4>(panel, x + token, columns, tokens, left, yToken, yStride),
            };
        }
    }

    /// <summary>Multiplies as many tokens as one compiled loop takes, at most 16 vectors of sums; returns how many.</summary>
    private static int MultiplySome<TVectors>(
        byte* panel, float* x, int columns, int tokens, int left, float* y, long yStride)
        where TVectors : unmanaged => left switch
        {
            >= 12 when sizeof(TVectors) == 1 => Tokens<TVectors, Count12>(panel, x, columns, tokens, y, yStride),
            >= 8 when sizeof(TVectors) == 1 => Tokens<TVectors, Count8>(panel, x, columns, tokens, y, yStride),
            >= 4 => Tokens<TVectors, Count4>(panel, x, columns, tokens, y, yStride),
            >= 2 => Tokens<TVectors, Count2>(panel, x, columns, tokens, y, yStride),
            _ => Tokens<TVectors, Count1>(panel, x, columns, tokens, y, yStride),
        };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Tokens<TVectors, TTokens>(
        byte* panel, float* x, int columns, int tokens, float* y, long yStride)
        where TVectors : unmanaged
        where TTokens : unmanaged
    {
        LaneRow<TLanes, TVectors> sum0 = default, sum1 = default, sum2 = default, sum3 = default, sum4 = default, sum5 = default;
        LaneRow<TLanes, TVectors> sum6 = default, sum7 = default, sum8 = default, sum9 = default, sum10 = default, sum11 = default;
        for (; columns > 0; columns--)
        {
            LaneRow<TLanes, TVectors> w = default;
            w.Load((float*)panel);
            sum0.MultiplyAdd(x[0], w);
            if (sizeof(TTokens) > 1) { sum1.MultiplyAdd(x[1], w); }
            if (sizeof(TTokens) > 2) { sum2.MultiplyAdd(x[2], w); }
            if (sizeof(TTokens) > 3) { sum3.MultiplyAdd(x[3], w); }
            if (sizeof(TTokens) > 4) { sum4.MultiplyAdd(x[4], w); }
            if (sizeof(TTokens) > 5) { sum5.MultiplyAdd(x[5], w); }
            if (sizeof(TTokens) > 6) { sum6.MultiplyAdd(x[6], w); }
            if (sizeof(TTokens) > 7) { sum7.MultiplyAdd(x[7], w); }
            if (sizeof(TTokens) > 8) { sum8.MultiplyAdd(x[8], w); }
            if (sizeof(TTokens) > 9) { sum9.MultiplyAdd(x[9], w); }
            if (sizeof(TTokens) > 10) { sum10.MultiplyAdd(x[10], w); }
            if (sizeof(TTokens) > 11) { sum11.MultiplyAdd(x[11], w); }
            panel += PanelRows * sizeof(float);
            x += tokens;
        }

        sum0.Store(y);
        if (sizeof(TTokens) > 1) { sum1.Store(y + yStride); }
        if (sizeof(TTokens) > 2) { sum2.Store(y + (2 * yStride)); }
        if (sizeof(TTokens) > 3) { sum3.Store(y + (3 * yStride)); }
        if (sizeof(TTokens) > 4) { sum4.Store(y + (4 * yStride)); }
        if (sizeof(TTokens) > 5) { sum5.Store(y + (5 * yStride)); }
        if (sizeof(TTokens) > 6) { sum6.Store(y + (6 * yStride)); }
        if (sizeof(TTokens) > 7) { sum7.Store(y + (7 * yStride)); }
        if (sizeof(TTokens) > 8) { sum8.Store(y + (8 * yStride)); }
        if (sizeof(TTokens) > 9) { sum9.Store(y + (9 * yStride)); }
        if (sizeof(TTokens) > 10) { sum10.Store(y + (10 * yStride)); }
        if (sizeof(TTokens) > 11) { sum11.Store(y + (11 * yStride)); }
        return sizeof(TTokens);
    }
}

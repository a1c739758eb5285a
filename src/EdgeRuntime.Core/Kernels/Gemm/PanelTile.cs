using System;
using System.Runtime.CompilerServices;

namespace EdgeRuntime.Kernels.Gemm;

/// <summary>
/// An expanded panel times a tile of tokens, in the order of <see cref="ExpandedPanelLayout"/>. Lanes are rows; the sums of up to
/// eight tokens stay in registers over all blocks.
/// </summary>
internal abstract unsafe class PanelTile<TRows, TBytes, TInts, TFloats> : IPanelTile
    where TRows : struct, IRowVector<TBytes, TInts, TFloats>
    where TBytes : struct
    where TInts : struct
    where TFloats : struct
{
    private const int StepBytes = 4 * ExpandedPanelLayout.PanelRows;
    private const int QuantBytes = 8 * StepBytes;

    // At least every TileTokens and Lanes.
    private const int MaxTileTokens = 8;
    private const int MaxLanes = 16;

    public static void Multiply<TLayout>(
        byte* panel, byte* activations, int blocks, int tokens, float* y, int yStride, int rows, bool continued)
        where TLayout : unmanaged, IExpandedLayout
    {
        // The loops write whole vectors: those of rows that are not wanted go elsewhere first.
        float* whole = stackalloc float[MaxTileTokens * MaxLanes];
        for (int row = 0; row < rows; row += TRows.Lanes)
        {
            if (rows - row >= TRows.Lanes)
            {
                MultiplyVector<TLayout>(panel + (4 * row), activations, blocks, tokens, y + row, yStride, continued);
                continue;
            }

            CopyRows(y + row, yStride, whole, TRows.Lanes, tokens, continued ? rows - row : 0);
            MultiplyVector<TLayout>(panel + (4 * row), activations, blocks, tokens, whole, TRows.Lanes, continued);
            CopyRows(whole, TRows.Lanes, y + row, yStride, tokens, rows - row);
        }
    }

    private static void CopyRows(float* source, long sourceStride, float* target, long targetStride, int tokens, int rows)
    {
        for (int token = 0; token < tokens; token++)
        {
            new ReadOnlySpan<float>(source + (token * sourceStride), rows).CopyTo(new Span<float>(target + (token * targetStride), rows));
        }
    }

    private static void MultiplyVector<TLayout>(
        byte* panel, byte* activations, int blocks, int tokens, float* y, long yStride, bool continued)
        where TLayout : unmanaged, IExpandedLayout
    {
        for (int token = 0; token < tokens;)
        {
            token += MultiplySome<TLayout>(panel, activations, blocks, tokens, token, y + (token * yStride), yStride, continued);
        }
    }

    /// <summary>Multiplies as many tokens as one compiled loop takes; returns how many.</summary>
    private static int MultiplySome<TLayout>(
        byte* panel, byte* activations, int blocks, int tokens, int first, float* y, long yStride, bool continued)
        where TLayout : unmanaged, IExpandedLayout
    {
        int left = tokens - first;
        if (TRows.TileTokens >= 8 && left >= 8)
        {
            Rows<TLayout, Count8>(panel, activations, blocks, tokens, first, y, yStride, continued);
            return 8;
        }

        if (TRows.TileTokens >= 8 && left >= 6)
        {
            Rows<TLayout, Count6>(panel, activations, blocks, tokens, first, y, yStride, continued);
            return 6;
        }

        switch (left)
        {
            case 1:
                Rows<TLayout, Count1>(panel, activations, blocks, tokens, first, y, yStride, continued);
                return 1;
            case 2:
                Rows<TLayout, Count2>(panel, activations, blocks, tokens, first, y, yStride, continued);
                return 2;
            case 3:
                Rows<TLayout, Count3>(panel, activations, blocks, tokens, first, y, yStride, continued);
                return 3;
            default:
                Rows<TLayout, Count4>(panel, activations, blocks, tokens, first, y, yStride, continued);
                return 4;
        }
    }

    /// <summary>The tokens first..first + TCount of the tile, for the rows of one vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows<TLayout, TCount>(
        byte* panel, byte* activations, int blocks, int tokens, int first, float* y, long yStride, bool continued)
        where TLayout : unmanaged, IExpandedLayout
        where TCount : unmanaged
    {
        int step = 4 * tokens;
        int blockBytes = ExpandedLayouts.Of<TLayout>().BlockBytes;
        TInts offsets = TRows.OffsetFactors<TLayout>();
        TFloats acc0 = default, acc1 = default, acc2 = default, acc3 = default;
        TFloats acc4 = default, acc5 = default, acc6 = default, acc7 = default;
        if (continued)
        {
            acc0 = TRows.Load(y);
            if (sizeof(TCount) > 1) { acc1 = TRows.Load(y + yStride); }
            if (sizeof(TCount) > 2) { acc2 = TRows.Load(y + (2 * yStride)); }
            if (sizeof(TCount) > 3) { acc3 = TRows.Load(y + (3 * yStride)); }
            if (sizeof(TCount) > 4) { acc4 = TRows.Load(y + (4 * yStride)); }
            if (sizeof(TCount) > 5) { acc5 = TRows.Load(y + (5 * yStride)); }
            if (sizeof(TCount) > 6) { acc6 = TRows.Load(y + (6 * yStride)); }
            if (sizeof(TCount) > 7) { acc7 = TRows.Load(y + (7 * yStride)); }
        }

        for (; blocks > 0; blocks--)
        {
            sbyte* a = (sbyte*)activations + (4 * first);
            float* d = (float*)(activations + (8 * step)) + first;
            float* dsum = d + tokens;
            short* sum16 = (short*)((float*)(activations + (8 * step)) + (2 * tokens)) + (2 * first);
            byte* scales = panel + QuantBytes;
            TInts sum0 = default, sum1 = default, sum2 = default, sum3 = default;
            TInts sum4 = default, sum5 = default, sum6 = default, sum7 = default;

            TBytes w0 = TRows.LoadQuants<TLayout>(panel);
            TBytes w1 = TRows.LoadQuants<TLayout>(panel + StepBytes);
            TBytes w2 = TRows.LoadQuants<TLayout>(panel + (2 * StepBytes));
            TBytes w3 = TRows.LoadQuants<TLayout>(panel + (3 * StepBytes));
            sum0 = TRows.Dot<TLayout>(sum0, w0, w1, w2, w3, a, step);
            if (sizeof(TCount) > 1) { sum1 = TRows.Dot<TLayout>(sum1, w0, w1, w2, w3, a + 4, step); }
            if (sizeof(TCount) > 2) { sum2 = TRows.Dot<TLayout>(sum2, w0, w1, w2, w3, a + 8, step); }
            if (sizeof(TCount) > 3) { sum3 = TRows.Dot<TLayout>(sum3, w0, w1, w2, w3, a + 12, step); }
            if (sizeof(TCount) > 4) { sum4 = TRows.Dot<TLayout>(sum4, w0, w1, w2, w3, a + 16, step); }
            if (sizeof(TCount) > 5) { sum5 = TRows.Dot<TLayout>(sum5, w0, w1, w2, w3, a + 20, step); }
            if (sizeof(TCount) > 6) { sum6 = TRows.Dot<TLayout>(sum6, w0, w1, w2, w3, a + 24, step); }
            if (sizeof(TCount) > 7) { sum7 = TRows.Dot<TLayout>(sum7, w0, w1, w2, w3, a + 28, step); }

            if (TLayout.Scales == 2)
            {
                // The sum of the first 16 as the upper half of the int32 that ends there, as that of the last 16 is below. Reading
                // the same int32 twice would make the JIT keep it for every token, which there are no registers for.
                TFloats first16 = TRows.Load((float*)scales);
                acc0 = Add<TLayout>(sum0, first16, d, sum16 - 1, offsets, acc0);
                if (sizeof(TCount) > 1) { acc1 = Add<TLayout>(sum1, first16, d + 1, sum16 + 1, offsets, acc1); }
                if (sizeof(TCount) > 2) { acc2 = Add<TLayout>(sum2, first16, d + 2, sum16 + 3, offsets, acc2); }
                if (sizeof(TCount) > 3) { acc3 = Add<TLayout>(sum3, first16, d + 3, sum16 + 5, offsets, acc3); }
                if (sizeof(TCount) > 4) { acc4 = Add<TLayout>(sum4, first16, d + 4, sum16 + 7, offsets, acc4); }
                if (sizeof(TCount) > 5) { acc5 = Add<TLayout>(sum5, first16, d + 5, sum16 + 9, offsets, acc5); }
                if (sizeof(TCount) > 6) { acc6 = Add<TLayout>(sum6, first16, d + 6, sum16 + 11, offsets, acc6); }
                if (sizeof(TCount) > 7) { acc7 = Add<TLayout>(sum7, first16, d + 7, sum16 + 13, offsets, acc7); }
                scales += StepBytes;
                sum0 = sum1 = sum2 = sum3 = sum4 = sum5 = sum6 = sum7 = default;
            }

            a += 4 * step;
            w0 = TRows.LoadQuants<TLayout>(panel + (4 * StepBytes));
            w1 = TRows.LoadQuants<TLayout>(panel + (5 * StepBytes));
            w2 = TRows.LoadQuants<TLayout>(panel + (6 * StepBytes));
            w3 = TRows.LoadQuants<TLayout>(panel + (7 * StepBytes));
            sum0 = TRows.Dot<TLayout>(sum0, w0, w1, w2, w3, a, step);
            if (sizeof(TCount) > 1) { sum1 = TRows.Dot<TLayout>(sum1, w0, w1, w2, w3, a + 4, step); }
            if (sizeof(TCount) > 2) { sum2 = TRows.Dot<TLayout>(sum2, w0, w1, w2, w3, a + 8, step); }
            if (sizeof(TCount) > 3) { sum3 = TRows.Dot<TLayout>(sum3, w0, w1, w2, w3, a + 12, step); }
            if (sizeof(TCount) > 4) { sum4 = TRows.Dot<TLayout>(sum4, w0, w1, w2, w3, a + 16, step); }
            if (sizeof(TCount) > 5) { sum5 = TRows.Dot<TLayout>(sum5, w0, w1, w2, w3, a + 20, step); }
            if (sizeof(TCount) > 6) { sum6 = TRows.Dot<TLayout>(sum6, w0, w1, w2, w3, a + 24, step); }
            if (sizeof(TCount) > 7) { sum7 = TRows.Dot<TLayout>(sum7, w0, w1, w2, w3, a + 28, step); }

            TFloats last = TRows.Load((float*)scales);
            acc0 = Add<TLayout>(sum0, last, d, sum16, offsets, acc0);
            if (sizeof(TCount) > 1) { acc1 = Add<TLayout>(sum1, last, d + 1, sum16 + 2, offsets, acc1); }
            if (sizeof(TCount) > 2) { acc2 = Add<TLayout>(sum2, last, d + 2, sum16 + 4, offsets, acc2); }
            if (sizeof(TCount) > 3) { acc3 = Add<TLayout>(sum3, last, d + 3, sum16 + 6, offsets, acc3); }
            if (sizeof(TCount) > 4) { acc4 = Add<TLayout>(sum4, last, d + 4, sum16 + 8, offsets, acc4); }
            if (sizeof(TCount) > 5) { acc5 = Add<TLayout>(sum5, last, d + 5, sum16 + 10, offsets, acc5); }
            if (sizeof(TCount) > 6) { acc6 = Add<TLayout>(sum6, last, d + 6, sum16 + 12, offsets, acc6); }
            if (sizeof(TCount) > 7) { acc7 = Add<TLayout>(sum7, last, d + 7, sum16 + 14, offsets, acc7); }

            if (TLayout.Mins == 1)
            {
                TFloats min = TRows.Load((float*)(scales + StepBytes));
                acc0 = TRows.MultiplyAdd(min, dsum, acc0);
                if (sizeof(TCount) > 1) { acc1 = TRows.MultiplyAdd(min, dsum + 1, acc1); }
                if (sizeof(TCount) > 2) { acc2 = TRows.MultiplyAdd(min, dsum + 2, acc2); }
                if (sizeof(TCount) > 3) { acc3 = TRows.MultiplyAdd(min, dsum + 3, acc3); }
                if (sizeof(TCount) > 4) { acc4 = TRows.MultiplyAdd(min, dsum + 4, acc4); }
                if (sizeof(TCount) > 5) { acc5 = TRows.MultiplyAdd(min, dsum + 5, acc5); }
                if (sizeof(TCount) > 6) { acc6 = TRows.MultiplyAdd(min, dsum + 6, acc6); }
                if (sizeof(TCount) > 7) { acc7 = TRows.MultiplyAdd(min, dsum + 7, acc7); }
            }

            panel += blockBytes;
            activations += ActivationLayout.Int8BlockBytesPerToken * tokens;
        }

        TRows.Store(acc0, y);
        if (sizeof(TCount) > 1) { TRows.Store(acc1, y + yStride); }
        if (sizeof(TCount) > 2) { TRows.Store(acc2, y + (2 * yStride)); }
        if (sizeof(TCount) > 3) { TRows.Store(acc3, y + (3 * yStride)); }
        if (sizeof(TCount) > 4) { TRows.Store(acc4, y + (4 * yStride)); }
        if (sizeof(TCount) > 5) { TRows.Store(acc5, y + (5 * yStride)); }
        if (sizeof(TCount) > 6) { TRows.Store(acc6, y + (6 * yStride)); }
        if (sizeof(TCount) > 7) { TRows.Store(acc7, y + (7 * yStride)); }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TFloats Add<TLayout>(TInts sum, TFloats scale, float* d, short* sum16, TInts offsets, TFloats acc)
        where TLayout : unmanaged, IExpandedLayout => TRows.MultiplyAddScaled(TRows.Total<TLayout>(sum, sum16, offsets), scale, d, acc);
}

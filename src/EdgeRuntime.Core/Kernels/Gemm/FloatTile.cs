using System;
using System.Runtime.CompilerServices;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Emit;
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
    /// <remarks>With 512 bits the code below keeps up with F16C, and need not be made first.</remarks>
    public static delegate*<byte*, int, float*, void> ExpandFloat(TensorType element) =>
        element == TensorType.F16 && TLanes.Count == 8 && F16cPanels.IsSupported ? &F16cPanels.Expand : CompiledExpandFloat(element);

    /// <summary>The code below, which every processor of that width has.</summary>
    /// <inheritdoc cref="PanelKernels.ExpandFloat"/>
    public static delegate*<byte*, int, float*, void> CompiledExpandFloat(TensorType element) => element switch
    {
        TensorType.F32 => &Expand<BlockF32>,
        TensorType.F16 => &Expand<BlockF16>,
        TensorType.BF16 => &Expand<BlockBF16>,
        _ => throw new ArgumentOutOfRangeException(nameof(element), element, "not a float type"),
    };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Expand<TElement>(byte* panel, int columns, float* expanded)
        where TElement : unmanaged
    {
        long count = (long)columns * PanelRows;
        for (long i = 0; i < count; i += TLanes.Count)
        {
            TLanes.Store(FloatElements<TLanes>.Load<TElement>(panel + (i * sizeof(TElement))), expanded + i);
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
        where TVectors : unmanaged
    {
        if (sizeof(TVectors) == 1 && left >= 12)
        {
            Tokens<TVectors, Count12>(panel, x, columns, tokens, y, yStride);
            return 12;
        }

        if (sizeof(TVectors) == 1 && left >= 8)
        {
            Tokens<TVectors, Count8>(panel, x, columns, tokens, y, yStride);
            return 8;
        }

        if (left >= 4)
        {
            Tokens<TVectors, Count4>(panel, x, columns, tokens, y, yStride);
            return 4;
        }

        if (left >= 2)
        {
            Tokens<TVectors, Count2>(panel, x, columns, tokens, y, yStride);
            return 2;
        }

        Tokens<TVectors, Count1>(panel, x, columns, tokens, y, yStride);
        return 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tokens<TVectors, TTokens>(
        byte* panel, float* x, int columns, int tokens, float* y, long yStride)
        where TVectors : unmanaged
        where TTokens : unmanaged
    {
        TLanes c00 = default, c01 = default, c02 = default, c03 = default;
        TLanes c10 = default, c11 = default, c12 = default, c13 = default;
        TLanes c20 = default, c21 = default, c22 = default, c23 = default;
        TLanes c30 = default, c31 = default, c32 = default, c33 = default;
        TLanes c40 = default, c41 = default, c42 = default, c43 = default;
        TLanes c50 = default, c51 = default, c52 = default, c53 = default;
        TLanes c60 = default, c61 = default, c62 = default, c63 = default;
        TLanes c70 = default, c71 = default, c72 = default, c73 = default;
        TLanes c80 = default, c81 = default, c82 = default, c83 = default;
        TLanes c90 = default, c91 = default, c92 = default, c93 = default;
        TLanes c100 = default, c101 = default, c102 = default, c103 = default;
        TLanes c110 = default, c111 = default, c112 = default, c113 = default;
        for (; columns > 0; columns--)
        {
            TLanes w0 = TLanes.Load((float*)panel);
            TLanes w1 = sizeof(TVectors) > 1 ? TLanes.Load((float*)panel + TLanes.Count) : default;
            TLanes w2 = sizeof(TVectors) > 2 ? TLanes.Load((float*)panel + (2 * TLanes.Count)) : default;
            TLanes w3 = sizeof(TVectors) > 2 ? TLanes.Load((float*)panel + (3 * TLanes.Count)) : default;
            MultiplyAdd<TVectors>(x[0], w0, w1, w2, w3, ref c00, ref c01, ref c02, ref c03);
            if (sizeof(TTokens) > 1) { MultiplyAdd<TVectors>(x[1], w0, w1, w2, w3, ref c10, ref c11, ref c12, ref c13); }
            if (sizeof(TTokens) > 2) { MultiplyAdd<TVectors>(x[2], w0, w1, w2, w3, ref c20, ref c21, ref c22, ref c23); }
            if (sizeof(TTokens) > 3) { MultiplyAdd<TVectors>(x[3], w0, w1, w2, w3, ref c30, ref c31, ref c32, ref c33); }
            if (sizeof(TTokens) > 4) { MultiplyAdd<TVectors>(x[4], w0, w1, w2, w3, ref c40, ref c41, ref c42, ref c43); }
            if (sizeof(TTokens) > 5) { MultiplyAdd<TVectors>(x[5], w0, w1, w2, w3, ref c50, ref c51, ref c52, ref c53); }
            if (sizeof(TTokens) > 6) { MultiplyAdd<TVectors>(x[6], w0, w1, w2, w3, ref c60, ref c61, ref c62, ref c63); }
            if (sizeof(TTokens) > 7) { MultiplyAdd<TVectors>(x[7], w0, w1, w2, w3, ref c70, ref c71, ref c72, ref c73); }
            if (sizeof(TTokens) > 8) { MultiplyAdd<TVectors>(x[8], w0, w1, w2, w3, ref c80, ref c81, ref c82, ref c83); }
            if (sizeof(TTokens) > 9) { MultiplyAdd<TVectors>(x[9], w0, w1, w2, w3, ref c90, ref c91, ref c92, ref c93); }
            if (sizeof(TTokens) > 10) { MultiplyAdd<TVectors>(x[10], w0, w1, w2, w3, ref c100, ref c101, ref c102, ref c103); }
            if (sizeof(TTokens) > 11) { MultiplyAdd<TVectors>(x[11], w0, w1, w2, w3, ref c110, ref c111, ref c112, ref c113); }
            panel += PanelRows * sizeof(float);
            x += tokens;
        }

        Store<TVectors>(y, c00, c01, c02, c03);
        if (sizeof(TTokens) > 1) { Store<TVectors>(y + yStride, c10, c11, c12, c13); }
        if (sizeof(TTokens) > 2) { Store<TVectors>(y + (2 * yStride), c20, c21, c22, c23); }
        if (sizeof(TTokens) > 3) { Store<TVectors>(y + (3 * yStride), c30, c31, c32, c33); }
        if (sizeof(TTokens) > 4) { Store<TVectors>(y + (4 * yStride), c40, c41, c42, c43); }
        if (sizeof(TTokens) > 5) { Store<TVectors>(y + (5 * yStride), c50, c51, c52, c53); }
        if (sizeof(TTokens) > 6) { Store<TVectors>(y + (6 * yStride), c60, c61, c62, c63); }
        if (sizeof(TTokens) > 7) { Store<TVectors>(y + (7 * yStride), c70, c71, c72, c73); }
        if (sizeof(TTokens) > 8) { Store<TVectors>(y + (8 * yStride), c80, c81, c82, c83); }
        if (sizeof(TTokens) > 9) { Store<TVectors>(y + (9 * yStride), c90, c91, c92, c93); }
        if (sizeof(TTokens) > 10) { Store<TVectors>(y + (10 * yStride), c100, c101, c102, c103); }
        if (sizeof(TTokens) > 11) { Store<TVectors>(y + (11 * yStride), c110, c111, c112, c113); }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyAdd<TVectors>(
        float x, TLanes w0, TLanes w1, TLanes w2, TLanes w3, ref TLanes c0, ref TLanes c1, ref TLanes c2, ref TLanes c3)
        where TVectors : unmanaged
    {
        TLanes value = TLanes.Broadcast(x);
        c0 = TLanes.Fma(w0, value, c0);
        if (sizeof(TVectors) > 1)
        {
            c1 = TLanes.Fma(w1, value, c1);
        }

        if (sizeof(TVectors) > 2)
        {
            c2 = TLanes.Fma(w2, value, c2);
            c3 = TLanes.Fma(w3, value, c3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TVectors>(float* y, TLanes c0, TLanes c1, TLanes c2, TLanes c3)
        where TVectors : unmanaged
    {
        TLanes.Store(c0, y);
        if (sizeof(TVectors) > 1)
        {
            TLanes.Store(c1, y + TLanes.Count);
        }

        if (sizeof(TVectors) > 2)
        {
            TLanes.Store(c2, y + (2 * TLanes.Count));
            TLanes.Store(c3, y + (3 * TLanes.Count));
        }
    }
}

using System;
using System.Runtime.CompilerServices;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Panels;
using EdgeRuntime.Kernels.Vector;

namespace EdgeRuntime.Kernels.Gemm;

/// <summary>
/// An expanded panel times a tile of tokens, in the order of <see cref="ExpandedPanelLayout"/>. Lanes are rows. The integer sums of a block
/// stay in registers: of eight tokens and one vector of rows, or, with 256 bits, of four tokens and both vectors of a panel, which then
/// share each broadcast of activations. The float sums lie in a small buffer.
/// </summary>
internal abstract unsafe class PanelTile<TIsa, TVector> : IPanelTile
    where TIsa : struct, IPanelIsa<TVector>
    where TVector : struct
{
    private const int PanelRows = ExpandedPanelLayout.PanelRows;
    private const int StepBytes = 4 * PanelRows;
    private const int QuantBytes = 8 * StepBytes;
    private const int HalfLine = 32;
    private const int CacheLine = 64;
    private const int Parked = PanelKernels.MostTileTokens * PanelRows;

    public static void Multiply<TQuants, TScales>(
        byte* panels, byte* activations, int blocks, int tokens, float* y, int yStride, int rows, bool continued)
        where TQuants : unmanaged, IPanelQuants
        where TScales : struct, IPanelScales
    {
        // A vector that crosses a cache line takes twice as long.
        byte* buffer = stackalloc byte[(2 * Parked * sizeof(float)) + CacheLine];
        float* acc = (float*)(((nuint)buffer + CacheLine - 1) & ~(nuint)(CacheLine - 1));
        for (int row = 0; row < rows; row += PanelRows)
        {
            int count = Math.Min(PanelRows, rows - row);
            new Span<float>(acc, tokens * PanelRows).Clear();
            CopyRows(y + row, yStride, acc, PanelRows, tokens, continued ? count : 0);
            for (int token = 0; token < tokens;)
            {
                token += MultiplySome<TQuants, TScales>(panels, activations, blocks, tokens, token, acc + (token * PanelRows));
            }

            CopyRows(acc, PanelRows, y + row, yStride, tokens, count);
            panels += (long)blocks * ExpandedPanelLayout.BytesOfBlock(TScales.Scales, TScales.Mins);
        }
    }

    private static void CopyRows(float* source, long sourceStride, float* target, long targetStride, int tokens, int rows)
    {
        for (int token = 0; token < tokens; token++)
        {
            new ReadOnlySpan<float>(source + (token * sourceStride), rows).CopyTo(new Span<float>(target + (token * targetStride), rows));
        }
    }

    /// <summary>Multiplies as many tokens as one compiled loop takes; returns how many.</summary>
    private static int MultiplySome<TQuants, TScales>(byte* panel, byte* activations, int blocks, int tokens, int first, float* acc)
        where TQuants : unmanaged, IPanelQuants
        where TScales : struct, IPanelScales => (tokens - first) switch
    {
        1 => MultiplyRows<TQuants, TScales, Count1>(panel, activations, blocks, tokens, first, acc),
        2 => MultiplyRows<TQuants, TScales, Count2>(panel, activations, blocks, tokens, first, acc),
        3 => MultiplyRows<TQuants, TScales, Count3>(panel, activations, blocks, tokens, first, acc),
        >= 8 when TIsa.TileTokens >= 8 => MultiplyRows<TQuants, TScales, Count8>(panel, activations, blocks, tokens, first, acc),
        >= 6 when TIsa.TileTokens >= 8 => MultiplyRows<TQuants, TScales, Count6>(panel, activations, blocks, tokens, first, acc),
        _ => MultiplyRows<TQuants, TScales, Count4>(panel, activations, blocks, tokens, first, acc),
    };

    private static int MultiplyRows<TQuants, TScales, TCount>(
        byte* panel, byte* activations, int blocks, int tokens, int first, float* acc)
        where TQuants : unmanaged, IPanelQuants
        where TScales : struct, IPanelScales
        where TCount : unmanaged
    {
        // The JIT copies operands of vpsignb that are used again, so that a shared broadcast would take longer.
        bool both = Unsafe.SizeOf<TVector>() == HalfLine;
        for (int row = 0; row < PanelRows; row += both ? PanelRows : TIsa.Rows)
        {
            byte* place = panel + (sizeof(float) * row);
            if (both)
            {
                Tokens<TQuants, TScales, TCount, Count2>(place, activations, blocks, tokens, first, acc + row);
            }
            else
            {
                Tokens<TQuants, TScales, TCount, Count1>(place, activations, blocks, tokens, first, acc + row);
            }
        }

        return sizeof(TCount);
    }

    /// <summary>
    /// The tokens first..first + TCount of the tile, for the rows of one vector or two. All tokens stand in this one method, since the
    /// compiler inlines in proportion to the size of the method that it begins with.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tokens<TQuants, TScales, TCount, TVectors>(
        byte* panel, byte* activations, int blocks, nint tokens, nint first, float* acc)
        where TQuants : unmanaged, IPanelQuants
        where TScales : struct, IPanelScales
        where TCount : unmanaged
        where TVectors : unmanaged
    {
        if (Unsafe.SizeOf<TVector>() == HalfLine)
        {
            // The whole tile: every place in it is a constant.
            tokens = sizeof(TCount);
            first = 0;
        }

        nint step = 4 * tokens;
        int parts = TScales.Scales == 2 || sizeof(TQuants) == 4 ? 2 : 1;
        for (; blocks > 0; blocks--)
        {
            sbyte* a = (sbyte*)activations + (4 * first);
            float* d = (float*)(activations + (8 * step)) + first;
            short* sum16 = (short*)(d + (2 * tokens));
            byte* q = panel;
            byte* scales = panel + QuantBytes;
            for (int part = 0; part < parts; part++)
            {
                TVector s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default;
                for (byte* end = q + (QuantBytes / parts); q < end;)
                {
                    TVector w = Quants<TQuants>(q), x = default, v = default, u = default;
                    if (sizeof(TVectors) == 2) { v = Quants<TQuants>(q + HalfLine); }
                    q += StepBytes;
                    if (sizeof(TQuants) is not (1 or IQuantCode.Signed))
                    {
                        x = Quants<TQuants>(q);
                        if (sizeof(TVectors) == 2) { u = Quants<TQuants>(q + HalfLine); }
                        q += StepBytes;
                    }

                    s0 = Dot<TQuants>(s0, w, x, a, step);
                    if (sizeof(TVectors) == 2) { s4 = Dot<TQuants>(s4, v, u, a, step); }
                    if (sizeof(TCount) > 1) { s1 = Dot<TQuants>(s1, w, x, a + 4, step); }
                    if (sizeof(TCount) > 1 && sizeof(TVectors) == 2) { s5 = Dot<TQuants>(s5, v, u, a + 4, step); }
                    if (sizeof(TCount) > 2) { s2 = Dot<TQuants>(s2, w, x, a + 8, step); }
                    if (sizeof(TCount) > 2 && sizeof(TVectors) == 2) { s6 = Dot<TQuants>(s6, v, u, a + 8, step); }
                    if (sizeof(TCount) > 3) { s3 = Dot<TQuants>(s3, w, x, a + 12, step); }
                    if (sizeof(TCount) > 3 && sizeof(TVectors) == 2) { s7 = Dot<TQuants>(s7, v, u, a + 12, step); }
                    if (sizeof(TCount) > 4) { s4 = Dot<TQuants>(s4, w, x, a + 16, step); }
                    if (sizeof(TCount) > 5) { s5 = Dot<TQuants>(s5, w, x, a + 20, step); }
                    if (sizeof(TCount) > 6) { s6 = Dot<TQuants>(s6, w, x, a + 24, step); }
                    if (sizeof(TCount) > 7) { s7 = Dot<TQuants>(s7, w, x, a + 28, step); }
                    a += sizeof(TQuants) is not (1 or IQuantCode.Signed) ? 2 * step : step;
                }

                if (sizeof(TQuants) is 4 or 8)
                {
                    s0 = TIsa.Widen(s0);
                    if (sizeof(TCount) > 1) { s1 = TIsa.Widen(s1); }
                    if (sizeof(TCount) > 2) { s2 = TIsa.Widen(s2); }
                    if (sizeof(TCount) > 3) { s3 = TIsa.Widen(s3); }
                    if (sizeof(TCount) > 4 || sizeof(TVectors) == 2) { s4 = TIsa.Widen(s4); }
                    if (sizeof(TCount) > 5 || sizeof(TVectors) == 2) { s5 = TIsa.Widen(s5); }
                    if (sizeof(TCount) > 6 || sizeof(TVectors) == 2) { s6 = TIsa.Widen(s6); }
                    if (sizeof(TCount) > 7 || sizeof(TVectors) == 2) { s7 = TIsa.Widen(s7); }
                }

                if (TScales.Scales == 1 && sizeof(TQuants) == 4)
                {
                    float* place = acc + Parked;
                    if (part == 0)
                    {
                        TIsa.Store(s0, place);
                        if (sizeof(TCount) > 1) { TIsa.Store(s1, place + PanelRows); }
                        if (sizeof(TCount) > 2) { TIsa.Store(s2, place + (2 * PanelRows)); }
                        if (sizeof(TCount) > 3) { TIsa.Store(s3, place + (3 * PanelRows)); }
                        if (sizeof(TCount) > 4) { TIsa.Store(s4, place + (4 * PanelRows)); }
                        if (sizeof(TCount) > 5) { TIsa.Store(s5, place + (5 * PanelRows)); }
                        if (sizeof(TCount) > 6) { TIsa.Store(s6, place + (6 * PanelRows)); }
                        if (sizeof(TCount) > 7) { TIsa.Store(s7, place + (7 * PanelRows)); }
                        if (sizeof(TVectors) == 2) { TIsa.Store(s4, place + 8); }
                        if (sizeof(TCount) > 1 && sizeof(TVectors) == 2) { TIsa.Store(s5, place + 24); }
                        if (sizeof(TCount) > 2 && sizeof(TVectors) == 2) { TIsa.Store(s6, place + 40); }
                        if (sizeof(TCount) > 3 && sizeof(TVectors) == 2) { TIsa.Store(s7, place + 56); }
                        continue;
                    }

                    s0 = TIsa.Add(s0, TIsa.Load(place));
                    if (sizeof(TCount) > 1) { s1 = TIsa.Add(s1, TIsa.Load(place + PanelRows)); }
                    if (sizeof(TCount) > 2) { s2 = TIsa.Add(s2, TIsa.Load(place + (2 * PanelRows))); }
                    if (sizeof(TCount) > 3) { s3 = TIsa.Add(s3, TIsa.Load(place + (3 * PanelRows))); }
                    if (sizeof(TCount) > 4) { s4 = TIsa.Add(s4, TIsa.Load(place + (4 * PanelRows))); }
                    if (sizeof(TCount) > 5) { s5 = TIsa.Add(s5, TIsa.Load(place + (5 * PanelRows))); }
                    if (sizeof(TCount) > 6) { s6 = TIsa.Add(s6, TIsa.Load(place + (6 * PanelRows))); }
                    if (sizeof(TCount) > 7) { s7 = TIsa.Add(s7, TIsa.Load(place + (7 * PanelRows))); }
                    if (sizeof(TVectors) == 2) { s4 = TIsa.Add(s4, TIsa.Load(place + 8)); }
                    if (sizeof(TCount) > 1 && sizeof(TVectors) == 2) { s5 = TIsa.Add(s5, TIsa.Load(place + 24)); }
                    if (sizeof(TCount) > 2 && sizeof(TVectors) == 2) { s6 = TIsa.Add(s6, TIsa.Load(place + 40)); }
                    if (sizeof(TCount) > 3 && sizeof(TVectors) == 2) { s7 = TIsa.Add(s7, TIsa.Load(place + 56)); }
                }

                // The sum of the first 16 is the upper half of the int32 that ends there, that of the last 16 of the next one.
                short* sums = TScales.Scales == 2 ? sum16 - 1 + part : sum16;
                TVector scale = TIsa.Load(scales);
                TVector scale2 = sizeof(TVectors) == 2 ? TIsa.Load(scales + HalfLine) : default;
                TVector min1 = TScales.Mins == 1 ? TIsa.Load(scales + StepBytes) : default;
                TVector min2 = TScales.Mins == 1 && sizeof(TVectors) == 2 ? TIsa.Load(scales + StepBytes + HalfLine) : default;
                TVector less = Less<TQuants, TScales>(sums);
                Add<TQuants, TScales>(s0, less, scale, min1, tokens, d, acc, 0);
                if (sizeof(TVectors) == 2) { Add<TQuants, TScales>(s4, less, scale2, min2, tokens, d, acc, 8); }
                if (sizeof(TCount) > 1)
                {
                    less = Less<TQuants, TScales>(sums + 2);
                    Add<TQuants, TScales>(s1, less, scale, min1, tokens, d + 1, acc, PanelRows);
                    if (sizeof(TVectors) == 2) { Add<TQuants, TScales>(s5, less, scale2, min2, tokens, d + 1, acc, 24); }
                }

                if (sizeof(TCount) > 2)
                {
                    less = Less<TQuants, TScales>(sums + 4);
                    Add<TQuants, TScales>(s2, less, scale, min1, tokens, d + 2, acc, 2 * PanelRows);
                    if (sizeof(TVectors) == 2) { Add<TQuants, TScales>(s6, less, scale2, min2, tokens, d + 2, acc, 40); }
                }

                if (sizeof(TCount) > 3)
                {
                    less = Less<TQuants, TScales>(sums + 6);
                    Add<TQuants, TScales>(s3, less, scale, min1, tokens, d + 3, acc, 3 * PanelRows);
                    if (sizeof(TVectors) == 2) { Add<TQuants, TScales>(s7, less, scale2, min2, tokens, d + 3, acc, 56); }
                }

                if (sizeof(TCount) > 4) { Add<TQuants, TScales>(s4, Less<TQuants, TScales>(sums + 8), scale, min1, tokens, d + 4, acc, 4 * PanelRows); }
                if (sizeof(TCount) > 5) { Add<TQuants, TScales>(s5, Less<TQuants, TScales>(sums + 10), scale, min1, tokens, d + 5, acc, 5 * PanelRows); }
                if (sizeof(TCount) > 6) { Add<TQuants, TScales>(s6, Less<TQuants, TScales>(sums + 12), scale, min1, tokens, d + 6, acc, 6 * PanelRows); }
                if (sizeof(TCount) > 7) { Add<TQuants, TScales>(s7, Less<TQuants, TScales>(sums + 14), scale, min1, tokens, d + 7, acc, 7 * PanelRows); }
                scales += StepBytes;
            }

            if (TScales.Mins == 2)
            {
                TVector min = TIsa.Load(scales), pairs = TIsa.Load(scales + StepBytes);
                AddMinima(min, pairs, d, sum16, acc, 0);
                if (sizeof(TCount) > 1) { AddMinima(min, pairs, d + 1, sum16 + 2, acc, PanelRows); }
                if (sizeof(TCount) > 2) { AddMinima(min, pairs, d + 2, sum16 + 4, acc, 2 * PanelRows); }
                if (sizeof(TCount) > 3) { AddMinima(min, pairs, d + 3, sum16 + 6, acc, 3 * PanelRows); }
                if (sizeof(TCount) > 4) { AddMinima(min, pairs, d + 4, sum16 + 8, acc, 4 * PanelRows); }
                if (sizeof(TCount) > 5) { AddMinima(min, pairs, d + 5, sum16 + 10, acc, 5 * PanelRows); }
                if (sizeof(TCount) > 6) { AddMinima(min, pairs, d + 6, sum16 + 12, acc, 6 * PanelRows); }
                if (sizeof(TCount) > 7) { AddMinima(min, pairs, d + 7, sum16 + 14, acc, 7 * PanelRows); }
                if (sizeof(TVectors) == 2)
                {
                    min = TIsa.Load(scales + HalfLine);
                    pairs = TIsa.Load(scales + StepBytes + HalfLine);
                    AddMinima(min, pairs, d, sum16, acc, 8);
                    if (sizeof(TCount) > 1) { AddMinima(min, pairs, d + 1, sum16 + 2, acc, 24); }
                    if (sizeof(TCount) > 2) { AddMinima(min, pairs, d + 2, sum16 + 4, acc, 40); }
                    if (sizeof(TCount) > 3) { AddMinima(min, pairs, d + 3, sum16 + 6, acc, 56); }
                }
            }

            panel += ExpandedPanelLayout.BytesOfBlock(TScales.Scales, TScales.Mins);
            activations += ActivationLayout.Int8BlockBytesPerToken * tokens;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Quants<TQuants>(byte* q)
        where TQuants : unmanaged, IPanelQuants => sizeof(TQuants) == IQuantCode.Signed ? TIsa.Signed(TIsa.Load(q)) : TIsa.Load(q);

    /// <summary>sum + w * a (+ x * b), in the way that the code's levels allow.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Dot<TQuants>(TVector sum, TVector w, TVector x, sbyte* a, nint step)
        where TQuants : unmanaged, IPanelQuants
    {
        if (sizeof(TQuants) == IQuantCode.Signed)
        {
            return TIsa.DotSigned(sum, w, TIsa.Activations(a));
        }

        if (sizeof(TQuants) == 1)
        {
            return TIsa.Add(sum, TIsa.Widen(TIsa.Dot(default, w, TIsa.Activations(a))));
        }

        return sizeof(TQuants) == 2
            ? TIsa.Add(sum, TIsa.Widen(TIsa.Dot(TIsa.Dot(default, w, TIsa.Activations(a)), x, TIsa.Activations(a + step))))
            : TIsa.Dot(TIsa.Dot(sum, w, TIsa.Activations(a)), x, TIsa.Activations(a + step));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Less<TQuants, TScales>(short* sum16)
        where TQuants : unmanaged, IPanelQuants
        where TScales : struct, IPanelScales
    {
        int offset = sizeof(TQuants) == IQuantCode.Signed ? TQuants.Offset - TIsa.SignedOffset : TQuants.Offset;
        return offset == 0 ? default : TIsa.SumsTimes(TScales.Scales == 1 ? offset : 0, offset, sum16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<TQuants, TScales>(
        TVector sum, TVector less, TVector scale, TVector min, nint tokens, float* d, float* acc, nint at)
        where TQuants : unmanaged, IPanelQuants
        where TScales : struct, IPanelScales
    {
        bool isLeft = TQuants.Offset != (sizeof(TQuants) == IQuantCode.Signed ? TIsa.SignedOffset : 0);
        sum = TIsa.AddScaled(TIsa.Load(acc + at), isLeft ? TIsa.Add(sum, less) : sum, scale, d);
        TIsa.Store(TScales.Mins == 1 ? TIsa.AddMultiplied(sum, min, d + tokens) : sum, acc + at);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddMinima(TVector min, TVector pairs, float* d, short* sum16, float* acc, nint at) =>
        TIsa.Store(TIsa.AddScaled(TIsa.Load(acc + at), TIsa.MultiplySums(pairs, sum16), min, d), acc + at);
}

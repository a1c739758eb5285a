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
/// <typeparam name="TIsa">The words of the instruction set.</typeparam>
/// <typeparam name="TVector">Its vector.</typeparam>
/// <typeparam name="TVectors">Vectors of rows that are multiplied together: <see cref="Count2"/> with 256 bits.</typeparam>
internal abstract unsafe class PanelTile<TIsa, TVector, TVectors> : IPanelTile
    where TIsa : struct, IPanelIsa<TVector>
    where TVector : struct
    where TVectors : unmanaged
{
    private const int PanelRows = ExpandedPanelLayout.PanelRows;
    private const int StepBytes = 4 * PanelRows;
    private const int QuantBytes = 8 * StepBytes;
    private const int Half = PanelRows / 2;
    private const int CacheLine = 64;
    private const int Parked = PanelKernels.MostTileTokens * PanelRows;

    [SkipLocalsInit]
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
            for (int place = 0; place < tokens * PanelRows; place += TIsa.Rows)
            {
                TIsa.Store(default, acc + place);
            }

            CopyRows(y + row, yStride, acc, PanelRows, tokens, continued ? count : 0);
            for (int token = 0; token < tokens;)
            {
                token += MultiplySome<Count1, TQuants, TScales>(
                    panels, null, null, activations, blocks, tokens, token, acc + (token * PanelRows));
            }

            CopyRows(acc, PanelRows, y + row, yStride, tokens, count);
            panels += (long)blocks * ExpandedPanelLayout.BytesOfBlock(TScales.Scales, TScales.Mins);
        }
    }

    private static void CopyRows(float* source, long sourceStride, float* target, long targetStride, int tokens, int rows)
    {
        for (; tokens > 0; tokens--)
        {
            int row = 0;
            for (; row <= rows - TIsa.Rows; row += TIsa.Rows)
            {
                TIsa.Store(TIsa.Load(source + row), target + row);
            }

            for (; row < rows; row++)
            {
                target[row] = source[row];
            }

            source += sourceStride;
            target += targetStride;
        }
    }

    /// <summary>
    /// Adds the products of as many tokens as one compiled loop takes to acc, [tokens][16]; returns how many. TForm is <see cref="Count1"/>
    /// for an expanded panel and <see cref="Count2"/> for the quants of a strip, with their expanded scales and where to prefetch.
    /// </summary>
    public static int MultiplySome<TForm, TQuants, TScales>(
        byte* panel, byte* scales, byte* ahead, byte* activations, int blocks, int tokens, int first, float* acc)
        where TForm : unmanaged
        where TQuants : unmanaged, IPanelQuants
        where TScales : struct, IPanelScales => ((tokens - first) * sizeof(TVectors)) switch
        {
            1 => MultiplyRows<TForm, TQuants, TScales, Count1>(panel, scales, ahead, activations, blocks, tokens, first, acc),
            2 or 3 => MultiplyRows<TForm, TQuants, TScales, Count2>(panel, scales, ahead, activations, blocks, tokens, first, acc),
            4 or 5 => MultiplyRows<TForm, TQuants, TScales, Count4>(panel, scales, ahead, activations, blocks, tokens, first, acc),
            6 or 7 => MultiplyRows<TForm, TQuants, TScales, Count6>(panel, scales, ahead, activations, blocks, tokens, first, acc),
            _ => MultiplyRows<TForm, TQuants, TScales, Count8>(panel, scales, ahead, activations, blocks, tokens, first, acc),
        };

    private static int MultiplyRows<TForm, TQuants, TScales, TSums>(
        byte* panel, byte* scales, byte* ahead, byte* activations, int blocks, int tokens, int first, float* acc)
        where TForm : unmanaged
        where TQuants : unmanaged, IPanelQuants
        where TScales : struct, IPanelScales
        where TSums : unmanaged
    {
        for (int row = 0; row < PanelRows; row += sizeof(TVectors) * TIsa.Rows)
        {
            Tokens<TForm, TQuants, TScales, TSums>(panel + (4 * row), scales, ahead, activations, blocks, tokens, first, acc + row);
        }

        return sizeof(TSums) / sizeof(TVectors);
    }

    /// <summary>
    /// Some tokens of the tile, for the rows of one vector or two: sum i is of token i / TVectors and vector i % TVectors.
    /// </summary>
    /// <remarks>
    /// All sums stand in this one method, since the compiler inlines in proportion to the size of the method that it begins with.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tokens<TForm, TQuants, TScales, TSums>(
        byte* panel, byte* scalesOfStrip, byte* ahead, byte* activations, int blocks, nint tokens, nint first, float* acc)
        where TForm : unmanaged
        where TQuants : unmanaged, IPanelQuants
        where TScales : struct, IPanelScales
        where TSums : unmanaged
    {
        if (sizeof(TVectors) == 2)
        {
            // The whole tile: every place in it is a constant.
            tokens = sizeof(TSums) / sizeof(TVectors);
            first = 0;
        }

        nint step = 4 * tokens;
        bool isParked = TScales.Scales == 1 && sizeof(TQuants) == 4;
        int quantBytes = sizeof(TForm) == 2 ? TQuants.Bits * StepBytes : QuantBytes;
        bool isPaired = sizeof(TForm) == 2 && sizeof(TQuants) != IQuantCode.Signed;
        int parts = TScales.Scales == 2 || sizeof(TQuants) == 4 ? 2 : 1;
        for (; blocks > 0; blocks--)
        {
            sbyte* a = (sbyte*)activations + (4 * first);
            float* d = (float*)(activations + (8 * step)) + first;
            short* sum16 = (short*)(d + (2 * tokens));
            byte* q = panel;
            byte* scales = sizeof(TForm) == 2 ? scalesOfStrip : panel + QuantBytes;
            ahead = sizeof(TForm) == 2 ? PanelPrefetch.Block<TQuants>(ahead) : ahead;
            for (int part = 0; part < parts; part++)
            {
                TVector s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default;
                for (byte* end = q + (quantBytes / parts); q < end; q += isPaired ? StepBytes : 2 * StepBytes)
                {
                    TVector w = Quants<TForm, TQuants>(q, 0), x = Quants<TForm, TQuants>(q, 1), v = w, u = x;
                    if (sizeof(TVectors) == 2)
                    {
                        v = Quants<TForm, TQuants>(q + (StepBytes / 2), 0);
                        u = Quants<TForm, TQuants>(q + (StepBytes / 2), 1);
                    }

                    sbyte* b = isPaired ? a + (4 * step) : a + step;
                    s0 = Dot<TQuants>(s0, w, x, a, b, 0);
                    if (sizeof(TSums) > 1) { s1 = Dot<TQuants>(s1, v, u, a, b, 1); }
                    if (sizeof(TSums) > 2) { s2 = Dot<TQuants>(s2, w, x, a, b, 2); }
                    if (sizeof(TSums) > 3) { s3 = Dot<TQuants>(s3, v, u, a, b, 3); }
                    if (sizeof(TSums) > 4) { s4 = Dot<TQuants>(s4, w, x, a, b, 4); }
                    if (sizeof(TSums) > 5) { s5 = Dot<TQuants>(s5, v, u, a, b, 5); }
                    if (sizeof(TSums) > 6) { s6 = Dot<TQuants>(s6, w, x, a, b, 6); }
                    if (sizeof(TSums) > 7) { s7 = Dot<TQuants>(s7, v, u, a, b, 7); }
                    a = isPaired ? a + step : b + step;
                }

                if (isParked && part == 0)
                {
                    Park(s0, acc, 0);
                    if (sizeof(TSums) > 1) { Park(s1, acc, 1); }
                    if (sizeof(TSums) > 2) { Park(s2, acc, 2); }
                    if (sizeof(TSums) > 3) { Park(s3, acc, 3); }
                    if (sizeof(TSums) > 4) { Park(s4, acc, 4); }
                    if (sizeof(TSums) > 5) { Park(s5, acc, 5); }
                    if (sizeof(TSums) > 6) { Park(s6, acc, 6); }
                    if (sizeof(TSums) > 7) { Park(s7, acc, 7); }
                    continue;
                }

                // The sum of the first 16 is the upper half of the int32 that ends there, that of the last 16 of the next one.
                short* sums = TScales.Scales == 2 ? sum16 - 1 + part : sum16;
                TVector factor = default, less = default;
                Add<TQuants, TScales>(s0, 0, scales, d, tokens, sums, acc, ref factor, ref less);
                if (sizeof(TSums) > 1) { Add<TQuants, TScales>(s1, 1, scales, d, tokens, sums, acc, ref factor, ref less); }
                if (sizeof(TSums) > 2) { Add<TQuants, TScales>(s2, 2, scales, d, tokens, sums, acc, ref factor, ref less); }
                if (sizeof(TSums) > 3) { Add<TQuants, TScales>(s3, 3, scales, d, tokens, sums, acc, ref factor, ref less); }
                if (sizeof(TSums) > 4) { Add<TQuants, TScales>(s4, 4, scales, d, tokens, sums, acc, ref factor, ref less); }
                if (sizeof(TSums) > 5) { Add<TQuants, TScales>(s5, 5, scales, d, tokens, sums, acc, ref factor, ref less); }
                if (sizeof(TSums) > 6) { Add<TQuants, TScales>(s6, 6, scales, d, tokens, sums, acc, ref factor, ref less); }
                if (sizeof(TSums) > 7) { Add<TQuants, TScales>(s7, 7, scales, d, tokens, sums, acc, ref factor, ref less); }
                scales += StepBytes;
            }

            if (TScales.Mins == 2)
            {
                AddMinima(0, scales, d, sum16, acc);
                if (sizeof(TSums) > 1) { AddMinima(1, scales, d, sum16, acc); }
                if (sizeof(TSums) > 2) { AddMinima(2, scales, d, sum16, acc); }
                if (sizeof(TSums) > 3) { AddMinima(3, scales, d, sum16, acc); }
                if (sizeof(TSums) > 4) { AddMinima(4, scales, d, sum16, acc); }
                if (sizeof(TSums) > 5) { AddMinima(5, scales, d, sum16, acc); }
                if (sizeof(TSums) > 6) { AddMinima(6, scales, d, sum16, acc); }
                if (sizeof(TSums) > 7) { AddMinima(7, scales, d, sum16, acc); }
            }

            panel += sizeof(TForm) == 2 ? quantBytes : ExpandedPanelLayout.BytesOfBlock(TScales.Scales, TScales.Mins);
            scalesOfStrip += (TScales.Scales + TScales.Mins) * StepBytes;
            activations += ActivationLayout.Int8BlockBytesPerToken * tokens;
        }
    }

    /// <summary>Four columns. The second four are the next, or those in the high nibbles of a packed panel, 16 columns later.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Quants<TForm, TQuants>(byte* q, int second)
        where TForm : unmanaged
        where TQuants : unmanaged, IPanelQuants => StepProducts<TIsa, TVector>.Prepare<TQuants>(
        sizeof(TForm) == 2 && sizeof(TQuants) != IQuantCode.Signed
            ? TQuants.Load<TIsa, TVector>(q, 4 * second, default) : TIsa.Load(q + (second * StepBytes)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Dot<TQuants>(TVector sum, TVector w, TVector x, sbyte* a, sbyte* b, nint i)
        where TQuants : unmanaged, IPanelQuants
    {
        nint token = 4 * (i / sizeof(TVectors));
        return StepProducts<TIsa, TVector>.Dot<TQuants>(sum, w, x, a + token, b + token);
    }

    /// <summary>Keeps the int32 sums of the first 16 columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Park(TVector sum, float* acc, nint i) =>
        TIsa.Store(TIsa.Widen(sum), Place(acc + Parked, i));

    /// <summary>acc = fma((float)sum, scale * d, acc), and then fma(min, dsum, acc) where there is one minimum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<TQuants, TScales>(
        TVector sum, nint i, byte* scales, float* d, nint tokens, short* sum16, float* acc, ref TVector factor, ref TVector less)
        where TQuants : unmanaged, IPanelQuants
        where TScales : struct, IPanelScales
    {
        nint token = i / sizeof(TVectors);
        int offset = sizeof(TQuants) == IQuantCode.Signed ? TQuants.Offset - TIsa.SignedOffset : TQuants.Offset;
        sum = sizeof(TQuants) is 4 or 8 ? TIsa.Widen(sum) : sum;
        sum = sizeof(TQuants) == 4 && TScales.Scales == 1 ? TIsa.Add(sum, TIsa.Load(Place(acc + Parked, i))) : sum;
        if (offset != 0)
        {
            less = i % sizeof(TVectors) != 0 ? less : TIsa.SumsTimes(TScales.Scales == 1 ? offset : 0, offset, sum16 + (2 * token));
            sum = TIsa.Add(sum, less);
        }

        factor = i % sizeof(TVectors) != 0 ? factor : TIsa.Broadcast(d[token]);
        scales += i % sizeof(TVectors) * StepBytes / 2;
        float* place = Place(acc, i);
        sum = TIsa.AddScaled(TIsa.Load(place), sum, TIsa.Load(scales), factor);
        TIsa.Store(TScales.Mins == 1 ? TIsa.AddMultiplied(sum, TIsa.Load(scales + StepBytes), d + tokens + token) : sum, place);
    }

    /// <summary>acc = fma((float)(pair * sum16), min * d, acc).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddMinima(nint i, byte* minima, float* d, short* sum16, float* acc)
    {
        nint token = i / sizeof(TVectors);
        minima += i % sizeof(TVectors) * StepBytes / 2;
        TVector products = TIsa.MultiplySums(TIsa.Load(minima + StepBytes), sum16 + (2 * token));
        float* place = Place(acc, i);
        TIsa.Store(TIsa.AddScaled(TIsa.Load(place), products, TIsa.Load(minima), TIsa.Broadcast(d[token])), place);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float* Place(float* acc, nint i) =>
        acc + (i / sizeof(TVectors) * PanelRows) + (i % sizeof(TVectors) * Half);
}

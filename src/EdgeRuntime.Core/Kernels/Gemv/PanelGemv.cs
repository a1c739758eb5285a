using System;
using System.Runtime.CompilerServices;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Gemm;
using EdgeRuntime.Kernels.Panels;
using EdgeRuntime.Kernels.Vector;

namespace EdgeRuntime.Kernels.Gemv;

/// <summary>
/// A few tokens times packed panels, in the order of <see cref="ExpandedPanelLayout"/>, without expanding them: written once for every
/// instruction set, kind of quants and kind of scales. With 256 bits, the loop of <see cref="PanelTile{TIsa,TVector,TVectors}"/> unpacks
/// each vector of nibbles or bytes once for four tokens; only scales are expanded then, a strip at a time.
/// </summary>
/// <inheritdoc cref="PanelTile{TIsa,TVector,TVectors}"/>
internal abstract unsafe class PanelGemv<TIsa, TVector, TVectors> : IPanelGemv
    where TIsa : struct, IPanelIsa<TVector>
    where TVector : struct
    where TVectors : unmanaged
{
    private const int MaxTokens = 4;
    private const int CacheLine = 64;

    public static int Tokens(PackedLayout layout) => UsesTile(layout) ? 2 * MaxTokens : MaxTokens;

    public static void Multiply<TQuants, TScales>(
        byte* panels, byte* activations, int blocks, int tokens, float* y, int yStride, int rows)
        where TQuants : unmanaged, IPanelQuants
        where TScales : struct, IPanelScales
    {
        for (int row = 0; row < rows; row += PackedLayout.PanelRows)
        {
            int count = Math.Min(PackedLayout.PanelRows, rows - row);
            panels = tokens == 1
                ? MultiplyPanel<Count1, TQuants, TScales>(panels, activations, blocks, tokens, y + row, yStride, count)
                : UsesTile(PackedLayout<TQuants, TScales>.Instance)
                ? MultiplyPanel<Count2, TQuants, TScales>(panels, activations, blocks, tokens, y + row, yStride, count)
                : MultiplyPanel<Count4, TQuants, TScales>(panels, activations, blocks, tokens, y + row, yStride, count);
        }
    }

    /// <summary>Whether a byte is a quant, or two quants whose int16 sums over a whole block are exact.</summary>
    private static bool UsesTile(PackedLayout layout) => sizeof(TVectors) == 2 && layout.Scales == 1
        && (layout.Shape.Bits == 8 || (layout.Shape.Bits == 4 && layout.Shape.Code.Steps == 8));

    /// <summary>Returns the end of the panel, where the next one begins.</summary>
    /// <typeparam name="TTokens"><see cref="Count1"/> for one token, with constant places in the activations; 2 for the tile.</typeparam>
    /// <typeparam name="TQuants">The quants.</typeparam>
    /// <typeparam name="TScales">The scales.</typeparam>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static byte* MultiplyPanel<TTokens, TQuants, TScales>(
        byte* panel, byte* activations, int blocks, int tokens, float* y, int yStride, int rows)
        where TTokens : unmanaged
        where TQuants : unmanaged, IPanelQuants
        where TScales : struct, IPanelScales
    {
        float* sums = stackalloc float[2 * MaxTokens * PackedLayout.PanelRows];
        new Span<float>(sums, tokens * PackedLayout.PanelRows).Clear();
        for (int first = 0; first < blocks; first += PackedLayout.StripBlocks)
        {
            int count = Math.Min(blocks - first, PackedLayout.StripBlocks);
            byte* quants = panel + PackedLayout.ScaleBytes<TScales>(count);
            if (sizeof(TTokens) == 2)
            {
                TileStrip<TQuants, TScales>(panel, quants, activations, first, blocks, count, tokens, sums);
            }

            for (int t = 0; sizeof(TTokens) != 2 && t < tokens; t++)
            {
                for (int row = 0; row < PackedLayout.PanelRows; row += TIsa.Rows)
                {
                    byte* ahead = t + row == 0 ? panel + PanelPrefetch.Bytes : null;
                    float* acc = sums + (t * PackedLayout.PanelRows) + row;
                    byte* a = activations + (first * ActivationLayout.Int8BlockBytesPerToken * tokens);
                    Strip<TTokens, TQuants, TScales>(panel, quants + (4 * row), a, count, t, tokens, row, acc, ahead);
                }
            }

            panel = quants + (count * TQuants.Bits * PackedLayout.VectorBytes);
        }

        for (int t = 0; t < tokens; t++)
        {
            new Span<float>(sums + (t * PackedLayout.PanelRows), rows).CopyTo(new Span<float>(y + ((long)t * yStride), rows));
        }

        return panel;
    }

    /// <summary>A strip of a panel times all tokens: expands the scales, and leaves the quants to the tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void TileStrip<TQuants, TScales>(
        byte* strip, byte* quants, byte* activations, int first, int blocks, int count, int tokens, float* sums)
        where TQuants : unmanaged, IPanelQuants
        where TScales : struct, IPanelScales
    {
        byte* buffer = stackalloc byte[(2 * PackedLayout.StripBlocks * PackedLayout.VectorBytes) + CacheLine];
        byte* scales = (byte*)(((nuint)buffer + CacheLine - 1) & ~(nuint)(CacheLine - 1));
        int scaleBytes = (TScales.Scales + TScales.Mins) * PackedLayout.VectorBytes;
        PanelExpand.Scales<TIsa, TVector, TQuants, TScales>(strip, count, scales, scaleBytes);
        for (int t = 0; t < tokens; t += MaxTokens)
        {
            int some = Math.Min(MaxTokens, tokens - t);
            byte* a = activations + (((blocks * t) + (first * some)) * ActivationLayout.Int8BlockBytesPerToken);
            PanelTile<TIsa, TVector, TVectors>.MultiplySome<Count2, TQuants, TScales>(
                quants, scales, strip + PanelPrefetch.Bytes, a, count, some, 0, sums + (t * PackedLayout.PanelRows));
        }
    }

    /// <summary>
    /// One vector of rows times a strip of one token. All steps stand in this one method, since the compiler
    /// inlines in proportion to the size of the method that it begins with; those for other bits are left out of the code.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Strip<TTokens, TQuants, TScales>(
        byte* strip, byte* q, byte* activations, int blocks, int t, int tokens, int row, float* sums, byte* ahead)
        where TTokens : unmanaged
        where TQuants : unmanaged, IPanelQuants
        where TScales : struct, IPanelScales
    {
        // Constants after compilation.
        int offset = sizeof(TQuants) == IQuantCode.Signed ? TQuants.Offset - TIsa.SignedOffset : TQuants.Offset;

        tokens = sizeof(TTokens) == 1 ? 1 : tokens;
        t = sizeof(TTokens) == 1 ? 0 : t;
        int step = 4 * tokens;
        StripScales<TVector> scales = TScales.Begin<TIsa, TVector>(strip, row, TQuants.Unit);
        TVector acc = TIsa.Load(sums);
        for (nint b = 0; b < blocks; b++)
        {
            if (ahead != null)
            {
                ahead = PanelPrefetch.Block<TQuants>(ahead);
            }

            sbyte* a = (sbyte*)activations + (4 * t);
            sbyte* a4 = a + (4 * step);
            float* d = (float*)(activations + (8 * step)) + t;
            float* dsum = d + tokens;
            short* sum16 = (short*)(dsum + tokens - t) + (2 * t);
            TVector shifts = TScales.Shifts<TIsa, TVector>(strip, row, b);
            TVector first = Dot<TQuants>(default, q, 0, shifts, a, a + step);
            TVector second = Dot<TQuants>(default, q, 4, shifts, a4, a4 + step);
            first = Dot<TQuants>(first, q, 2, shifts, a + (2 * step), a + (3 * step));
            second = Dot<TQuants>(second, q, 6, shifts, a4 + (2 * step), a4 + (3 * step));
            if (sizeof(TQuants) is 4 or 8)
            {
                first = TIsa.Widen(first);
                second = TIsa.Widen(second);
            }

            if (TScales.Scales == 2)
            {
                first = offset == 0 ? first : TIsa.Add(first, TIsa.SumsTimes(offset, 0, sum16));
                second = offset == 0 ? second : TIsa.Add(second, TIsa.SumsTimes(0, offset, sum16));
                acc = TIsa.AddScaled(acc, first, TScales.Scale<TIsa, TVector>(in scales, b, 0), TIsa.Broadcast(*d));
                acc = TIsa.AddScaled(acc, second, TScales.Scale<TIsa, TVector>(in scales, b, 1), TIsa.Broadcast(*d));
            }
            else
            {
                first = TIsa.Add(first, second);
                first = offset == 0 ? first : TIsa.Add(first, TIsa.SumsTimes(offset, offset, sum16));
                acc = TIsa.AddScaled(acc, first, TScales.Scale<TIsa, TVector>(in scales, b, 0), TIsa.Broadcast(*d));
            }

            if (TScales.Mins == 1)
            {
                acc = TIsa.AddMultiplied(acc, TScales.Min<TIsa, TVector>(in scales, b), dsum);
            }

            if (TScales.Mins == 2)
            {
                TVector minima = TIsa.MultiplySums(TScales.MinPairs<TIsa, TVector>(in scales, b), sum16);
                acc = TIsa.AddScaled(acc, minima, TScales.Min<TIsa, TVector>(in scales, b), TIsa.Broadcast(*d));
            }

            q += TQuants.Bits * PackedLayout.VectorBytes;
            activations += ActivationLayout.Int8BlockBytesPerToken * tokens;
        }

        TIsa.Store(acc, sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Dot<TQuants>(TVector sum, byte* q, int g, TVector shifts, sbyte* a0, sbyte* a1)
        where TQuants : unmanaged, IPanelQuants => StepProducts<TIsa, TVector>.Dot<TQuants>(
        sum, StepProducts<TIsa, TVector>.Prepare<TQuants>(TQuants.Load<TIsa, TVector>(q, g, shifts)),
        StepProducts<TIsa, TVector>.Prepare<TQuants>(TQuants.Load<TIsa, TVector>(q, g + 1, shifts)), a0, a1);
}

using System;
using System.Runtime.CompilerServices;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Gemm;

namespace EdgeRuntime.Kernels.Gemv;

/// <summary>Chooses the compiled loops for a layout: one line for each kind of quants and of scales.</summary>
internal static unsafe class PanelGemv
{
    /// <summary>Bytes of a vector of four columns of all rows in a packed or expanded panel.</summary>
    public const int VectorBytes = 4 * PackedLayout.PanelRows;

    /// <summary>
    /// How far ahead of the chunk memory is asked for: the processor's own prefetchers lose the two streams of a chunk (measured:
    /// 9 GB/s without, with scales of 64 bytes a block).
    /// </summary>
    public const int PrefetchBytes = 4096;

    public const int CacheLine = 64;

    /// <inheritdoc cref="PanelKernels.Gemv"/>
    public static delegate*<byte*, byte*, int, int, float*, int, int, void> Select<TIsa, TVector, TGemv>(PackedLayout layout)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct
        where TGemv : IPanelGemv<TVector> => (layout.Shape.Code, layout.Shape.Bits) switch
        {
            (QuantCode.Linear, 4) => WithQuants<TIsa, TVector, TGemv, Quants4>(layout),
            (QuantCode.Linear, 5) => WithQuants<TIsa, TVector, TGemv, Quants5>(layout),
            (QuantCode.Linear, 6) => WithQuants<TIsa, TVector, TGemv, Quants6>(layout),
            (QuantCode.Linear, 8) => WithQuants<TIsa, TVector, TGemv, Quants8>(layout),
            (QuantCode.NonLinear4, 4) => WithQuants<TIsa, TVector, TGemv, QuantsNonLinear4>(layout),
            _ => throw Unknown(layout),
        };

    private static delegate*<byte*, byte*, int, int, float*, int, int, void> WithQuants<TIsa, TVector, TGemv, TQuants>(PackedLayout layout)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct
        where TGemv : IPanelGemv<TVector>
        where TQuants : struct, IPanelQuants => layout.Shape.Scales switch
        {
            ScaleKind.Half => WithScales<TVector, TGemv, TQuants, HalfScales<TIsa, TVector>>(layout),
            ScaleKind.HalfAndMin => WithScales<TVector, TGemv, TQuants, HalfAndMinScales<TIsa, TVector>>(layout),
            ScaleKind.SuperBlockMins => WithScales<TVector, TGemv, TQuants, SuperBlockMinScales<TIsa, TVector>>(layout),
            ScaleKind.SuperBlock16 => WithScales<TVector, TGemv, TQuants, SuperBlockScales<TIsa, TVector, TwoScales>>(layout),
            ScaleKind.SuperBlock32 => WithScales<TVector, TGemv, TQuants, SuperBlockScales<TIsa, TVector, OneScale>>(layout),
            _ => throw Unknown(layout),
        };

    /// <summary>Layouts with minima have no offset, the others that of the middle of the range; another needs a loop of its own.</summary>
    private static delegate*<byte*, byte*, int, int, float*, int, int, void> WithScales<TVector, TGemv, TQuants, TScales>(PackedLayout layout)
        where TVector : struct
        where TGemv : IPanelGemv<TVector>
        where TQuants : struct, IPanelQuants
        where TScales : struct, IPanelScales<TScales, TVector> =>
        layout == Layout<TQuants, TScales, TVector>() ? &TGemv.Multiply<TQuants, TScales> : throw Unknown(layout);

    /// <summary>The layout that quants and scales make.</summary>
    public static PackedLayout Layout<TQuants, TScales, TVector>()
        where TQuants : struct, IPanelQuants
        where TScales : struct, IPanelScales<TScales, TVector>
        where TVector : struct
    {
        int offset = TScales.Kind is ScaleKind.HalfAndMin or ScaleKind.SuperBlockMins ? 0 : 1 << (TQuants.ValueBits - 1);
        return new PackedLayout(new QuantShape(TQuants.Bits, TScales.Kind, offset, TQuants.Code));
    }

    /// <summary>Asks for as many lines as a block takes with its scales; returns where the next block's begin.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* PrefetchBlock<TIsa, TVector, TQuants>(byte* ahead)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct
        where TQuants : struct, IPanelQuants
    {
        TIsa.Prefetch(ahead);
        TIsa.Prefetch(ahead + CacheLine);
        TIsa.Prefetch(ahead + (2 * CacheLine));
        TIsa.Prefetch(ahead + (3 * CacheLine));
        TIsa.Prefetch(ahead + (4 * CacheLine));
        if (TQuants.Bits > 4) { TIsa.Prefetch(ahead + (5 * CacheLine)); }
        if (TQuants.Bits > 5) { TIsa.Prefetch(ahead + (6 * CacheLine)); }
        if (TQuants.Bits > 6) { TIsa.Prefetch(ahead + (7 * CacheLine)); }
        if (TQuants.Bits > 6) { TIsa.Prefetch(ahead + (8 * CacheLine)); }
        return ahead + ((TQuants.Bits + 1) * CacheLine);
    }

    private static ArgumentOutOfRangeException Unknown(PackedLayout layout) =>
        new(nameof(layout), layout, "no kernel has this layout; add its quants or scales here");
}

/// <summary>
/// A few tokens times packed panels, in the order of <see cref="ExpandedPanelLayout"/>, without expanding them: written once for every
/// instruction set, kind of quants and kind of scales.
/// </summary>
internal abstract unsafe class PanelGemv<TIsa, TVector> : IPanelGemv<TVector>
    where TIsa : struct, IPanelIsa<TVector>
    where TVector : struct
{
    private const int MaxTokens = 4;

    public static int Tokens => MaxTokens;

    public static void Multiply<TQuants, TScales>(
        byte* panels, byte* activations, int blocks, int tokens, float* y, int yStride, int rows)
        where TQuants : struct, IPanelQuants
        where TScales : struct, IPanelScales<TScales, TVector>
    {
        for (int row = 0; row < rows; row += PackedLayout.PanelRows)
        {
            int count = Math.Min(PackedLayout.PanelRows, rows - row);
            panels = tokens == 1
                ? MultiplyPanel<Count1, TQuants, TScales>(panels, activations, blocks, tokens, y + row, yStride, count)
                : MultiplyPanel<Count4, TQuants, TScales>(panels, activations, blocks, tokens, y + row, yStride, count);
        }
    }

    /// <summary>Returns the end of the panel, where the next one begins.</summary>
    /// <typeparam name="TTokens"><see cref="Count1"/> for one token: then every place in the activations is a constant.</typeparam>
    /// <typeparam name="TQuants">The quants.</typeparam>
    /// <typeparam name="TScales">The scales.</typeparam>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static byte* MultiplyPanel<TTokens, TQuants, TScales>(
        byte* panel, byte* activations, int blocks, int tokens, float* y, int yStride, int rows)
        where TTokens : unmanaged
        where TQuants : struct, IPanelQuants
        where TScales : struct, IPanelScales<TScales, TVector>
    {
        PackedLayout layout = PanelGemv.Layout<TQuants, TScales, TVector>();
        float* sums = stackalloc float[MaxTokens * PackedLayout.PanelRows];
        new Span<float>(sums, tokens * PackedLayout.PanelRows).Clear();
        for (; blocks > 0; blocks -= PackedLayout.ChunkBlocks)
        {
            int count = Math.Min(blocks, PackedLayout.ChunkBlocks);
            byte* quants = panel + layout.ScaleBytes(count);
            for (int t = 0; t < tokens; t++)
            {
                for (int row = 0; row < PackedLayout.PanelRows; row += TIsa.Rows)
                {
                    byte* ahead = t + row == 0 ? panel + PanelGemv.PrefetchBytes : null;
                    float* acc = sums + (t * PackedLayout.PanelRows) + row;
                    Chunk<TTokens, TQuants, TScales>(panel, quants + (4 * row), activations, count, t, tokens, row, acc, ahead);
                }
            }

            panel = quants + (count * layout.BlockBytes);
            activations += count * ActivationLayout.Int8BlockBytesPerToken * tokens;
        }

        for (int t = 0; t < tokens; t++)
        {
            new Span<float>(sums + (t * PackedLayout.PanelRows), rows).CopyTo(new Span<float>(y + ((long)t * yStride), rows));
        }

        return panel;
    }

    /// <summary>
    /// One vector of rows times a chunk of one token. All steps stand in this one method, since the compiler
    /// inlines in proportion to the size of the method that it begins with; those for other bits are left out of the code.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Chunk<TTokens, TQuants, TScales>(
        byte* chunk, byte* q, byte* activations, int blocks, int t, int tokens, int row, float* sums, byte* ahead)
        where TTokens : unmanaged
        where TQuants : struct, IPanelQuants
        where TScales : struct, IPanelScales<TScales, TVector>
    {
        // Constants after compilation; DotSigned takes 128 off by itself.
        bool hasMinima = TScales.Kind is ScaleKind.HalfAndMin or ScaleKind.SuperBlockMins;
        bool hasHalves = TScales.Kind == ScaleKind.SuperBlock16;
        int offset = hasMinima || TQuants.ValueBits == 8 ? 0 : 1 << (TQuants.ValueBits - 1);

        tokens = sizeof(TTokens) == 1 ? 1 : tokens;
        t = sizeof(TTokens) == 1 ? 0 : t;
        int step = 4 * tokens;
        TScales scales = TScales.Begin(chunk, row);
        TVector acc = TIsa.Load(sums);
        for (nint b = 0; b < blocks; b++)
        {
            if (ahead != null)
            {
                ahead = PanelGemv.PrefetchBlock<TIsa, TVector, TQuants>(ahead);
            }

            sbyte* a = (sbyte*)activations + (4 * t);
            sbyte* a4 = a + (4 * step);
            float* d = (float*)(activations + (8 * step)) + t;
            float* dsum = d + tokens;
            short* sum16 = (short*)(dsum + tokens - t) + (2 * t);
            TVector first = default;
            TVector second = default;
            if (TQuants.ValueBits == 8)
            {
                first = TIsa.DotSigned(first, TQuants.Load<TIsa, TVector>(q, 0), TIsa.Activations(a));
                second = TIsa.DotSigned(second, TQuants.Load<TIsa, TVector>(q, 4), TIsa.Activations(a4));
                first = TIsa.DotSigned(first, TQuants.Load<TIsa, TVector>(q, 1), TIsa.Activations(a + step));
                second = TIsa.DotSigned(second, TQuants.Load<TIsa, TVector>(q, 5), TIsa.Activations(a4 + step));
                first = TIsa.DotSigned(first, TQuants.Load<TIsa, TVector>(q, 2), TIsa.Activations(a + (2 * step)));
                second = TIsa.DotSigned(second, TQuants.Load<TIsa, TVector>(q, 6), TIsa.Activations(a4 + (2 * step)));
                first = TIsa.DotSigned(first, TQuants.Load<TIsa, TVector>(q, 3), TIsa.Activations(a + (3 * step)));
                second = TIsa.DotSigned(second, TQuants.Load<TIsa, TVector>(q, 7), TIsa.Activations(a4 + (3 * step)));
            }
            else if (TQuants.ValueBits == 6)
            {
                // Two steps fit an int16.
                TVector even = TIsa.Dot(default, TQuants.Load<TIsa, TVector>(q, 0), TIsa.Activations(a));
                even = TIsa.Dot(even, TQuants.Load<TIsa, TVector>(q, 1), TIsa.Activations(a + step));
                TVector odd = TIsa.Dot(default, TQuants.Load<TIsa, TVector>(q, 2), TIsa.Activations(a + (2 * step)));
                odd = TIsa.Dot(odd, TQuants.Load<TIsa, TVector>(q, 3), TIsa.Activations(a + (3 * step)));
                first = TIsa.Add(TIsa.Widen(even), TIsa.Widen(odd));
                even = TIsa.Dot(default, TQuants.Load<TIsa, TVector>(q, 4), TIsa.Activations(a4));
                even = TIsa.Dot(even, TQuants.Load<TIsa, TVector>(q, 5), TIsa.Activations(a4 + step));
                odd = TIsa.Dot(default, TQuants.Load<TIsa, TVector>(q, 6), TIsa.Activations(a4 + (2 * step)));
                odd = TIsa.Dot(odd, TQuants.Load<TIsa, TVector>(q, 7), TIsa.Activations(a4 + (3 * step)));
                second = TIsa.Add(TIsa.Widen(even), TIsa.Widen(odd));
            }
            else
            {
                // Four steps fit an int16; with four bits eight would, but two chains are as fast.
                first = TIsa.Dot(first, TQuants.Load<TIsa, TVector>(q, 0), TIsa.Activations(a));
                second = TIsa.Dot(second, TQuants.Load<TIsa, TVector>(q, 4), TIsa.Activations(a4));
                first = TIsa.Dot(first, TQuants.Load<TIsa, TVector>(q, 1), TIsa.Activations(a + step));
                second = TIsa.Dot(second, TQuants.Load<TIsa, TVector>(q, 5), TIsa.Activations(a4 + step));
                first = TIsa.Dot(first, TQuants.Load<TIsa, TVector>(q, 2), TIsa.Activations(a + (2 * step)));
                second = TIsa.Dot(second, TQuants.Load<TIsa, TVector>(q, 6), TIsa.Activations(a4 + (2 * step)));
                first = TIsa.Dot(first, TQuants.Load<TIsa, TVector>(q, 3), TIsa.Activations(a + (3 * step)));
                second = TIsa.Dot(second, TQuants.Load<TIsa, TVector>(q, 7), TIsa.Activations(a4 + (3 * step)));
                first = TIsa.Widen(first);
                second = TIsa.Widen(second);
            }

            if (hasHalves)
            {
                first = TIsa.SubtractSums(first, sum16, offset, 0);
                second = TIsa.SubtractSums(second, sum16, 0, offset);
                acc = TIsa.AddScaled(acc, first, scales.Scale(b, 0), d);
                acc = TIsa.AddScaled(acc, second, scales.Scale(b, 1), d);
            }
            else
            {
                first = TIsa.Add(first, second);
                first = offset == 0 ? first : TIsa.SubtractSums(first, sum16, offset, offset);
                acc = TIsa.AddScaled(acc, first, scales.Scale(b, 0), d);
            }

            if (hasMinima)
            {
                acc = TIsa.AddMultiplied(acc, scales.Min(b), dsum);
            }

            q += TQuants.Bits * PanelGemv.VectorBytes;
            activations += ActivationLayout.Int8BlockBytesPerToken * tokens;
        }

        TIsa.Store(acc, sums);
    }
}

using System;
using System.Runtime.CompilerServices;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Kernels.Gemv;

/// <summary>Chooses the compiled loops for a layout: one line for each kind of quants and of scales.</summary>
internal static unsafe class PanelGemv
{
    /// <summary>Bytes of a vector of four columns of all rows in a packed or expanded panel.</summary>
    public const int VectorBytes = 4 * PackedLayout.PanelRows;

    /// <inheritdoc cref="PanelKernels.Gemv"/>
    public static delegate*<byte*, byte*, int, float*, int, void> Select<TIsa, TVector>(PackedLayout layout)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct => layout.Shape.Bits switch
        {
            4 => WithQuants<TIsa, TVector, Quants4>(layout),
            5 => WithQuants<TIsa, TVector, Quants5>(layout),
            6 => WithQuants<TIsa, TVector, Quants6>(layout),
            8 => WithQuants<TIsa, TVector, Quants8>(layout),
            _ => throw Unknown(layout),
        };

    /// <summary>Panels with a minimum have no offset, the others that of the middle of the range.</summary>
    private static delegate*<byte*, byte*, int, float*, int, void> WithQuants<TIsa, TVector, TQuants>(PackedLayout layout)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct
        where TQuants : struct, IPanelQuants => (layout.Shape.Scales, layout.Shape.Offset) switch
        {
            (ScaleKind.Half, _) when layout.Shape.Offset == PanelGemv<TIsa, TVector, TQuants, HalfScales<TIsa, TVector>>.Offset =>
                &PanelGemv<TIsa, TVector, TQuants, HalfScales<TIsa, TVector>>.Multiply,
            (ScaleKind.HalfAndMin, 0) => &PanelGemv<TIsa, TVector, TQuants, HalfAndMinScales<TIsa, TVector>>.Multiply,
            (ScaleKind.SuperBlockMins, 0) => &PanelGemv<TIsa, TVector, TQuants, SuperBlockMinScales<TIsa, TVector>>.Multiply,
            (ScaleKind.SuperBlock16, _) when layout.Shape.Offset == PanelGemv<TIsa, TVector, TQuants, SuperBlock16Scales<TIsa, TVector>>.Offset =>
                &PanelGemv<TIsa, TVector, TQuants, SuperBlock16Scales<TIsa, TVector>>.Multiply,
            _ => throw Unknown(layout),
        };

    private static ArgumentOutOfRangeException Unknown(PackedLayout layout) =>
        new(nameof(layout), layout, "no kernel has this layout; add its quants or scales here");
}

/// <summary>
/// One token times a packed panel, in the order of <see cref="ExpandedPanelLayout"/>, without expanding it: written once for every
/// instruction set, kind of quants and kind of scales.
/// </summary>
internal static unsafe class PanelGemv<TIsa, TVector, TQuants, TScales>
    where TIsa : struct, IPanelIsa<TVector>
    where TVector : struct
    where TQuants : struct, IPanelQuants
    where TScales : struct, IPanelScales<TScales, TVector>
{
    /// <summary>What is subtracted from quants.</summary>
    public static int Offset => HasMinima ? 0 : 1 << (TQuants.Bits - 1);

    private static bool HasMinima
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TScales.Kind is ScaleKind.HalfAndMin or ScaleKind.SuperBlockMins;
    }

    /// <inheritdoc cref="PanelKernels.Gemv"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    public static void Multiply(byte* panel, byte* activations, int blocks, float* y, int rows)
    {
        PackedLayout layout = new(new QuantShape(TQuants.Bits, TScales.Kind, Offset));
        float* sums = stackalloc float[PackedLayout.PanelRows];
        new Span<float>(sums, PackedLayout.PanelRows).Clear();
        for (; blocks > 0; blocks -= PackedLayout.ChunkBlocks)
        {
            int count = Math.Min(blocks, PackedLayout.ChunkBlocks);
            byte* quants = panel + layout.ScaleBytes(count);
            for (int row = 0; row < PackedLayout.PanelRows; row += TIsa.Rows)
            {
                Chunk(panel, quants + (4 * row), activations, count, row, sums + row);
            }

            panel = quants + (count * layout.BlockBytes);
            activations += count * ActivationLayout.Int8BlockBytesPerToken;
        }

        new Span<float>(sums, rows).CopyTo(new Span<float>(y, rows));
    }

    /// <summary>
    /// One vector of rows times a chunk. All steps stand in this one method, since the compiler inlines in proportion to the size of the
    /// method that it begins with; those for other bits are left out of the code.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Chunk(byte* chunk, byte* q, byte* activations, int blocks, int row, float* sums)
    {
        // Constants after compilation; DotSigned takes 128 off by itself.
        bool hasMinima = HasMinima;
        bool hasHalves = TScales.Kind == ScaleKind.SuperBlock16;
        int offset = hasMinima || TQuants.Bits == 8 ? 0 : 1 << (TQuants.Bits - 1);

        TScales scales = TScales.Begin(chunk, row);
        TVector acc = TIsa.Load(sums);
        for (int b = 0; b < blocks; b++)
        {
            sbyte* a = (sbyte*)activations;
            float* d = (float*)(activations + ActivationLayout.BlockColumns);
            short* sum16 = (short*)(d + 2);
            TVector first = default;
            TVector second = default;
            if (TQuants.Bits == 8)
            {
                first = TIsa.DotSigned(first, TQuants.Load<TIsa, TVector>(q, 0), TIsa.Activations(a));
                second = TIsa.DotSigned(second, TQuants.Load<TIsa, TVector>(q, 4), TIsa.Activations(a + 16));
                first = TIsa.DotSigned(first, TQuants.Load<TIsa, TVector>(q, 1), TIsa.Activations(a + 4));
                second = TIsa.DotSigned(second, TQuants.Load<TIsa, TVector>(q, 5), TIsa.Activations(a + 20));
                first = TIsa.DotSigned(first, TQuants.Load<TIsa, TVector>(q, 2), TIsa.Activations(a + 8));
                second = TIsa.DotSigned(second, TQuants.Load<TIsa, TVector>(q, 6), TIsa.Activations(a + 24));
                first = TIsa.DotSigned(first, TQuants.Load<TIsa, TVector>(q, 3), TIsa.Activations(a + 12));
                second = TIsa.DotSigned(second, TQuants.Load<TIsa, TVector>(q, 7), TIsa.Activations(a + 28));
            }
            else if (TQuants.Bits == 6)
            {
                // Two steps fit an int16.
                TVector even = TIsa.Dot(default, TQuants.Load<TIsa, TVector>(q, 0), TIsa.Activations(a));
                even = TIsa.Dot(even, TQuants.Load<TIsa, TVector>(q, 1), TIsa.Activations(a + 4));
                TVector odd = TIsa.Dot(default, TQuants.Load<TIsa, TVector>(q, 2), TIsa.Activations(a + 8));
                odd = TIsa.Dot(odd, TQuants.Load<TIsa, TVector>(q, 3), TIsa.Activations(a + 12));
                first = TIsa.Add(TIsa.Widen(even), TIsa.Widen(odd));
                even = TIsa.Dot(default, TQuants.Load<TIsa, TVector>(q, 4), TIsa.Activations(a + 16));
                even = TIsa.Dot(even, TQuants.Load<TIsa, TVector>(q, 5), TIsa.Activations(a + 20));
                odd = TIsa.Dot(default, TQuants.Load<TIsa, TVector>(q, 6), TIsa.Activations(a + 24));
                odd = TIsa.Dot(odd, TQuants.Load<TIsa, TVector>(q, 7), TIsa.Activations(a + 28));
                second = TIsa.Add(TIsa.Widen(even), TIsa.Widen(odd));
            }
            else
            {
                // Four steps fit an int16; with four bits eight would, but two chains are as fast.
                first = TIsa.Dot(first, TQuants.Load<TIsa, TVector>(q, 0), TIsa.Activations(a));
                second = TIsa.Dot(second, TQuants.Load<TIsa, TVector>(q, 4), TIsa.Activations(a + 16));
                first = TIsa.Dot(first, TQuants.Load<TIsa, TVector>(q, 1), TIsa.Activations(a + 4));
                second = TIsa.Dot(second, TQuants.Load<TIsa, TVector>(q, 5), TIsa.Activations(a + 20));
                first = TIsa.Dot(first, TQuants.Load<TIsa, TVector>(q, 2), TIsa.Activations(a + 8));
                second = TIsa.Dot(second, TQuants.Load<TIsa, TVector>(q, 6), TIsa.Activations(a + 24));
                first = TIsa.Dot(first, TQuants.Load<TIsa, TVector>(q, 3), TIsa.Activations(a + 12));
                second = TIsa.Dot(second, TQuants.Load<TIsa, TVector>(q, 7), TIsa.Activations(a + 28));
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
                acc = TIsa.AddMultiplied(acc, scales.Min(b), d + 1);
            }

            q += TQuants.Bits * PanelGemv.VectorBytes;
            activations += ActivationLayout.Int8BlockBytesPerToken;
        }

        TIsa.Store(acc, sums);
    }
}

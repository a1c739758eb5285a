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
    public static delegate*<byte*, byte*, int, float*, int, void> Select<TIsa>(PackedLayout layout)
        where TIsa : struct, IPanelIsa<TIsa> => layout.Shape.Bits switch
        {
            4 => WithQuants<TIsa, Quants4>(layout),
            5 => WithQuants<TIsa, Quants5>(layout),
            6 => WithQuants<TIsa, Quants6>(layout),
            8 => WithQuants<TIsa, Quants8>(layout),
            _ => throw Unknown(layout),
        };

    /// <summary>Panels with a minimum have no offset, the others that of the middle of the range.</summary>
    private static delegate*<byte*, byte*, int, float*, int, void> WithQuants<TIsa, TQuants>(PackedLayout layout)
        where TIsa : struct, IPanelIsa<TIsa>
        where TQuants : struct, IPanelQuants => (layout.Shape.Scales, layout.Shape.Offset) switch
        {
            (ScaleKind.Half, _) when layout.Shape.Offset == PanelGemv<TIsa, TQuants, HalfScales<TIsa>>.Offset =>
                &PanelGemv<TIsa, TQuants, HalfScales<TIsa>>.Multiply,
            (ScaleKind.HalfAndMin, 0) => &PanelGemv<TIsa, TQuants, HalfAndMinScales<TIsa>>.Multiply,
            (ScaleKind.SuperBlockMins, 0) => &PanelGemv<TIsa, TQuants, SuperBlockMinScales<TIsa>>.Multiply,
            (ScaleKind.SuperBlock16, _) when layout.Shape.Offset == PanelGemv<TIsa, TQuants, SuperBlock16Scales<TIsa>>.Offset =>
                &PanelGemv<TIsa, TQuants, SuperBlock16Scales<TIsa>>.Multiply,
            _ => throw Unknown(layout),
        };

    private static ArgumentOutOfRangeException Unknown(PackedLayout layout) =>
        new(nameof(layout), layout, "no kernel has this layout; add its quants or scales here");
}

/// <summary>
/// One token times a packed panel, in the order of <see cref="ExpandedPanelLayout"/>, without expanding it: written once for every
/// instruction set, kind of quants and kind of scales.
/// </summary>
internal static unsafe class PanelGemv<TIsa, TQuants, TScales>
    where TIsa : struct, IPanelIsa<TIsa>
    where TQuants : struct, IPanelQuants
    where TScales : struct, IPanelScales<TScales, TIsa>
{
    /// <summary>What is subtracted from quants.</summary>
    public static int Offset => HasMinima ? 0 : 1 << (TQuants.Bits - 1);

    private static PackedLayout Layout => new(new QuantShape(TQuants.Bits, TScales.Kind, Offset));

    private static int BlockBytes => TQuants.Bits * ActivationLayout.BlockColumns * PackedLayout.PanelRows / 8;

    private static bool HasMinima => TScales.Kind is ScaleKind.HalfAndMin or ScaleKind.SuperBlockMins;

    private static bool HasHalves => TScales.Kind is ScaleKind.SuperBlock16;

    // DotSigned takes 128 off by itself.
    private static int RestOfOffset => TQuants.Bits == 8 ? Offset - 128 : Offset;

    /// <inheritdoc cref="PanelKernels.Gemv"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    public static void Multiply(byte* panel, byte* activations, int blocks, float* y, int rows)
    {
        float* sums = stackalloc float[PackedLayout.PanelRows];
        new Span<float>(sums, PackedLayout.PanelRows).Clear();
        for (; blocks > 0; blocks -= PackedLayout.ChunkBlocks)
        {
            int count = Math.Min(blocks, PackedLayout.ChunkBlocks);
            byte* quants = panel + Layout.ScaleBytes(count);
            for (int row = 0; row < PackedLayout.PanelRows; row += TIsa.Rows)
            {
                Chunk(panel, quants + (4 * row), activations, count, row, sums + row);
            }

            panel = quants + (count * BlockBytes);
            activations += count * ActivationLayout.Int8BlockBytesPerToken;
        }

        new Span<float>(sums, rows).CopyTo(new Span<float>(y, rows));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Chunk(byte* chunk, byte* quants, byte* activations, int blocks, int row, float* sums)
    {
        TScales scales = TScales.Begin(chunk, row);
        TIsa acc = TIsa.Load(sums);
        for (int b = 0; b < blocks; b++)
        {
            sbyte* a = (sbyte*)activations;
            float* d = (float*)(activations + ActivationLayout.BlockColumns);
            short* sum16 = (short*)(d + 2);
            if (HasHalves)
            {
                TIsa first = TIsa.SubtractSums(Sum16(quants, a, 0), sum16, RestOfOffset, 0);
                TIsa second = TIsa.SubtractSums(Sum16(quants, a, 1), sum16, 0, RestOfOffset);
                acc = TIsa.AddScaled(acc, first, scales.Scale(b, 0), d);
                acc = TIsa.AddScaled(acc, second, scales.Scale(b, 1), d);
            }
            else
            {
                TIsa isum = Sum32(quants, a);
                isum = RestOfOffset == 0 ? isum : TIsa.SubtractSums(isum, sum16, RestOfOffset, RestOfOffset);
                acc = TIsa.AddScaled(acc, isum, scales.Scale(b, 0), d);
            }

            if (HasMinima)
            {
                acc = TIsa.AddMultiplied(acc, scales.Min(b), d + 1);
            }

            quants += BlockBytes;
            activations += ActivationLayout.Int8BlockBytesPerToken;
        }

        TIsa.Store(acc, sums);
    }

    /// <summary>int32: the 32 products of a block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TIsa Sum32(byte* q, sbyte* a) => TQuants.Bits == 4
        ? TIsa.Widen(Step(Step(Step(Step(Four(q, a, 0), q, a, 4), q, a, 5), q, a, 6), q, a, 7))
        : TIsa.Add(Sum16(q, a, 0), Sum16(q, a, 1));

    /// <summary>int32: the 16 products of half a block; as many steps without widening as the bits allow.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TIsa Sum16(byte* q, sbyte* a, int half)
    {
        int g = 4 * half;
        if (TQuants.Bits == 8)
        {
            return StepSigned(StepSigned(StepSigned(StepSigned(default, q, a, g), q, a, g + 1), q, a, g + 2), q, a, g + 3);
        }

        return TQuants.Bits == 6
            ? TIsa.Add(TIsa.Widen(Two(q, a, g)), TIsa.Widen(Two(q, a, g + 2)))
            : TIsa.Widen(Four(q, a, g));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TIsa Four(byte* q, sbyte* a, int g) => Step(Step(Two(q, a, g), q, a, g + 2), q, a, g + 3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TIsa Two(byte* q, sbyte* a, int g) => Step(Step(default, q, a, g), q, a, g + 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TIsa Step(TIsa sums, byte* q, sbyte* a, int g) =>
        TIsa.Dot(sums, TQuants.Load<TIsa>(q, g), TIsa.Activations(a + (4 * g)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TIsa StepSigned(TIsa sum, byte* q, sbyte* a, int g) =>
        TIsa.DotSigned(sum, TQuants.Load<TIsa>(q, g), TIsa.Activations(a + (4 * g)));
}

using System;
using System.Runtime.CompilerServices;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Emit;
using EdgeRuntime.Kernels.Panels;
using EdgeRuntime.Kernels.Vector;

namespace EdgeRuntime.Kernels.Gemv;

/// <summary>
/// Panels of floats, [columns][16 rows] each, times one token: acc = fma(w, x, acc) in column order, rows in lanes. Four vectors of rows
/// are multiplied at once, of several panels where the vectors are wide: one chain of fma alone would wait for itself.
/// </summary>
internal static unsafe class FloatGemv<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    private const int PanelRows = ExpandedPanelLayout.PanelRows;
    private const int Vectors = 4;

    /// <inheritdoc cref="PanelKernels.GemvFloat"/>
    public static delegate*<byte*, float*, int, float*, int, void> Select(TensorType element) =>
        element == TensorType.F16 && F16cPanels.IsSupported ? &F16cPanels.Multiply : Compiled(element);

    /// <summary>The code below, which every processor of that width has.</summary>
    /// <inheritdoc cref="PanelKernels.GemvFloat"/>
    public static delegate*<byte*, float*, int, float*, int, void> Compiled(TensorType element) => element switch
    {
        TensorType.F32 => &Multiply<Float32Element>,
        TensorType.F16 => &Multiply<HalfElement>,
        TensorType.BF16 => &Multiply<BFloat16Element>,
        _ => throw new ArgumentOutOfRangeException(nameof(element), element, "not a float type"),
    };

    private static void Multiply<TElement>(byte* panels, float* x, int columns, float* y, int rows)
        where TElement : struct, ILaneSource
    {
        long panelBytes = FloatPanelLayout.PanelBytes(columns, TElement.ElementBytes);
        int most = Vectors * TLanes.Count;
        // The loop writes whole vectors: those of rows that are not there go elsewhere first.
        float* whole = stackalloc float[Vectors * PanelRows];
        for (int row = 0; row < rows; row += most)
        {
            int left = rows - row;
            byte* v0 = Vector<TElement>(panels, panelBytes, row, 0, left);
            byte* v1 = Vector<TElement>(panels, panelBytes, row, 1, left);
            byte* v2 = Vector<TElement>(panels, panelBytes, row, 2, left);
            byte* v3 = Vector<TElement>(panels, panelBytes, row, 3, left);
            Multiply<TElement>(v0, v1, v2, v3, x, columns, left >= most ? y + row : whole);
            if (left < most)
            {
                new ReadOnlySpan<float>(whole, left).CopyTo(new Span<float>(y + row, left));
            }
        }
    }

    /// <summary>Where a vector of rows begins; the first one where those rows are past the last panel.</summary>
    private static byte* Vector<TElement>(byte* panels, long panelBytes, int row, int vector, int left)
        where TElement : struct, ILaneSource
    {
        row += vector * TLanes.Count < left ? vector * TLanes.Count : 0;
        return panels + (row / PanelRows * panelBytes) + (row % PanelRows * TElement.ElementBytes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply<TElement>(byte* v0, byte* v1, byte* v2, byte* v3, float* x, int columns, float* y)
        where TElement : struct, ILaneSource
    {
        TLanes sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        nint step = PanelRows * TElement.ElementBytes;
        nint end = columns * step;
        for (nint at = 0; at < end; at += step)
        {
            Prefetch.Ahead(v0 + at);
            Prefetch.Ahead(v1 + at);
            Prefetch.Ahead(v2 + at);
            Prefetch.Ahead(v3 + at);
            TLanes value = TLanes.Broadcast(*x++);
            sum0 = TLanes.Fma(TElement.Load<TLanes>(v0 + at), value, sum0);
            sum1 = TLanes.Fma(TElement.Load<TLanes>(v1 + at), value, sum1);
            sum2 = TLanes.Fma(TElement.Load<TLanes>(v2 + at), value, sum2);
            sum3 = TLanes.Fma(TElement.Load<TLanes>(v3 + at), value, sum3);
        }

        TLanes.Store(sum0, y);
        TLanes.Store(sum1, y + TLanes.Count);
        TLanes.Store(sum2, y + (2 * TLanes.Count));
        TLanes.Store(sum3, y + (3 * TLanes.Count));
    }
}

using System;
using System.Runtime.CompilerServices;
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
    public static void Multiply<TElement>(byte* panels, float* x, int columns, float* y, int rows)
        where TElement : struct, IFloatElement
    {
        long panelBytes = FloatPanelLayout.PanelBytes(columns, TElement.ElementBytes);
        int most = Vectors * TLanes.Count;
        // The loop writes whole vectors: those of rows that are not there go elsewhere first.
        float* whole = stackalloc float[Vectors * PanelRows];
        for (int row = 0; row < rows; row += most)
        {
            int left = rows - row;
            byte* first = Vector<TElement>(panels, panelBytes, row, 0, left);
            nint distance1 = (nint)(Vector<TElement>(panels, panelBytes, row, 1, left) - first);
            nint distance2 = (nint)(Vector<TElement>(panels, panelBytes, row, 2, left) - first);
            nint distance3 = (nint)(Vector<TElement>(panels, panelBytes, row, 3, left) - first);
            Multiply<TElement>(first, distance1, distance2, distance3, x, columns, left >= most ? y + row : whole);
            if (left < most)
            {
                new ReadOnlySpan<float>(whole, left).CopyTo(new Span<float>(y + row, left));
            }
        }
    }

    /// <summary>Where a vector of rows begins; the first one where those rows are past the last panel.</summary>
    private static byte* Vector<TElement>(byte* panels, long panelBytes, int row, int vector, int left)
        where TElement : struct, IFloatElement
    {
        row += vector * TLanes.Count < left ? vector * TLanes.Count : 0;
        return panels + (row / PanelRows * panelBytes) + (row % PanelRows * TElement.ElementBytes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply<TElement>(
        byte* first, nint distance1, nint distance2, nint distance3, float* x, int columns, float* y)
        where TElement : struct, IFloatElement
    {
        LaneRow<TLanes, Count4> sums = default;
        for (; columns > 0; columns--)
        {
            Prefetch.Ahead(first);
            Prefetch.Ahead(first + distance1);
            Prefetch.Ahead(first + distance2);
            Prefetch.Ahead(first + distance3);
            LaneRow<TLanes, Count4> weights = default;
            weights.Load<TElement>(first, distance1, distance2, distance3);
            sums.MultiplyAdd(*x++, weights);
            first += PanelRows * TElement.ElementBytes;
        }

        sums.Store(y);
    }
}

using System;
using EdgeRuntime.Kernels.Panels;
using EdgeRuntime.Kernels.Vector;

namespace EdgeRuntime.Kernels.Scalar;

/// <summary>
/// The definition of the panel product, written as <see cref="ExpandedPanelLayout"/> says it: one row and one token at a time.
/// Every other instruction set gives these results to the bit.
/// </summary>
internal abstract unsafe class ScalarPanelGemm : IPanelTile
{
    private const int PanelRows = ExpandedPanelLayout.PanelRows;

    public static void Multiply<TQuants, TScales>(
        byte* panel, byte* activations, int blocks, int tokens, float* y, int yStride, int rows, bool continued)
        where TQuants : unmanaged, IPanelQuants
        where TScales : struct, IPanelScales
    {
        for (int t = 0; t < tokens; t++)
        {
            for (int r = 0; r < rows; r++)
            {
                float* sum = y + ((long)t * yStride) + r;
                *sum = Product<TQuants, TScales>(panel, r, activations, t, blocks, tokens, continued ? *sum : 0);
            }
        }
    }

    /// <inheritdoc cref="PanelKernels.GemmFloat"/>
    public static void MultiplyFloat(byte* panel, byte* activations, int columns, int tokens, float* y, int yStride, int rows)
    {
        for (int t = 0; t < tokens; t++)
        {
            for (int r = 0; r < rows; r++)
            {
                y[((long)t * yStride) + r] = Product<Float32Element>(panel, r, (float*)activations + t, columns, tokens);
            }
        }
    }

    private static float Product<TQuants, TScales>(byte* panel, int r, byte* activations, int t, int blocks, int tokens, float acc)
        where TQuants : unmanaged, IPanelQuants
        where TScales : struct, IPanelScales
    {
        ExpandedPanelLayout layout = PackedLayout<TQuants, TScales>.Instance.Expanded;
        int half = ActivationLayout.BlockColumns / layout.Scales;
        for (int b = 0; b < blocks; b++)
        {
            byte* q = panel + ((long)b * layout.BlockBytes) + (4 * r);
            float* scale = (float*)(panel + ((long)b * layout.BlockBytes) + (ActivationLayout.BlockColumns * PanelRows)) + r;
            byte* block = activations + ((long)b * ActivationLayout.Int8BlockBytesPerToken * tokens);
            sbyte* a = (sbyte*)block + (4 * t);
            float* d = (float*)(block + (ActivationLayout.BlockColumns * tokens)) + t;
            float* dsum = d + tokens;
            for (int h = 0; h < layout.Scales; h++)
            {
                int isum = 0;
                for (int k = h * half; k < (h + 1) * half; k++)
                {
                    isum += (q[(k / 4 * 4 * PanelRows) + (k % 4)] - layout.Offset) * a[(k / 4 * 4 * tokens) + (k % 4)];
                }

                acc = MathF.FusedMultiplyAdd(isum, scale[h * PanelRows] * *d, acc);
            }

            float* min = scale + (layout.Scales * PanelRows);
            if (layout.Mins == 1)
            {
                acc = MathF.FusedMultiplyAdd(*min, *dsum, acc);
            }
            else if (layout.Mins == 2)
            {
                short* pair = (short*)(min + PanelRows);
                short* sum16 = (short*)(dsum + tokens - t) + (2 * t);
                acc = MathF.FusedMultiplyAdd((pair[0] * sum16[0]) + (pair[1] * sum16[1]), *min * *d, acc);
            }
        }

        return acc;
    }

    /// <inheritdoc cref="PanelKernels.ExpandFloat"/>
    public static void Expand<TElement>(byte* panel, int columns, float* expanded)
        where TElement : struct, IFloatElement
    {
        for (long i = 0; i < (long)columns * PanelRows; i++)
        {
            expanded[i] = Weight<TElement>(panel, i);
        }
    }

    /// <inheritdoc cref="PanelKernels.GemvFloat"/>
    public static void MultiplyToken<TElement>(byte* panels, float* x, int columns, float* y, int rows)
        where TElement : struct, IFloatElement
    {
        long panelBytes = FloatPanelLayout.PanelBytes(columns, TElement.ElementBytes);
        for (int r = 0; r < rows; r++)
        {
            y[r] = Product<TElement>(panels + (r / PanelRows * panelBytes), r % PanelRows, x, columns, xStride: 1);
        }
    }

    private static float Product<TElement>(byte* panel, int r, float* x, int columns, int xStride)
        where TElement : struct, IFloatElement
    {
        float acc = 0;
        for (long k = 0; k < columns; k++)
        {
            acc = MathF.FusedMultiplyAdd(Weight<TElement>(panel, (k * PanelRows) + r), x[k * xStride], acc);
        }

        return acc;
    }

    private static float Weight<TElement>(byte* panel, long i)
        where TElement : struct, IFloatElement => TElement.Load<LanesScalar>(panel + (i * TElement.ElementBytes)).Value;
}

using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Panels;
using EdgeRuntime.Kernels.Vector;

namespace EdgeRuntime.Kernels;

/// <summary>Panels [columns][16] of F32, F16 or BF16, in the file's element type, multiplied with Float32 activations.</summary>
/// <typeparam name="TElement">The element type.</typeparam>
/// <typeparam name="TBits">An integer of the same size.</typeparam>
internal sealed unsafe class FloatPanels<TElement, TBits> : IPanelProduct
    where TElement : struct, IFloatElement
    where TBits : unmanaged, IBinaryInteger<TBits>
{
    private const int PanelRows = ExpandedPanelLayout.PanelRows;

    private readonly TBits _exponent;
    private readonly int _columns;
    private readonly int _tileTokens;
    private readonly delegate*<byte*, int, float*, void> _expand;
    private readonly delegate*<byte*, float*, int, float*, int, void> _gemv;
    private readonly delegate*<byte*, byte*, int, int, float*, int, int, void> _gemm;

    public FloatPanels(TBits exponent, int columns, PanelKernels kernels, PanelKernels decodeKernels)
    {
        _exponent = exponent;
        _columns = columns;
        _tileTokens = kernels.TileTokens;
        _expand = kernels.ExpandFloat<TElement>();
        _gemv = decodeKernels.GemvFloat<TElement>();
        _gemm = kernels.GemmFloat;
        PanelBytes = FloatPanelLayout.PanelBytes(columns, sizeof(TBits));
    }

    public ActivationKind ActivationKind => ActivationKind.Float32;

    public long PanelBytes { get; }

    public long ScratchBytes => IsFloat32 ? 0 : (long)_columns * PanelRows * sizeof(float);

    private static bool IsFloat32 => typeof(TElement) == typeof(Float32Element);

    /// <remarks>Writes every sixteenth place.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int PackStrip(byte* panel, int r, int firstColumn, ReadOnlySpan<byte> source)
    {
        TBits* place = (TBits*)panel + ((long)firstColumn * PanelRows) + r;
        ReadOnlySpan<TBits> row = MemoryMarshal.Cast<byte, TBits>(source);
        for (int k = 0; k < row.Length; k++)
        {
            if ((row[k] & _exponent) == _exponent)
            {
                return k;
            }

            place[(long)k * PanelRows] = row[k];
        }

        return -1;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TryPackRows(byte* panel, int firstColumn, byte* source, nint rowBytes, int count)
    {
        if (!RowInterleaver.IsSupported || count % Vector128<byte>.Count != 0)
        {
            return false;
        }

        TBits* strip = (TBits*)panel + ((long)firstColumn * PanelRows);
        for (int r = 0; r < PanelRows; r += Vector128<TBits>.Count)
        {
            for (int k = 0; k < count / sizeof(TBits); k += Vector128<TBits>.Count)
            {
                byte* square = source + (r * rowBytes) + (k * sizeof(TBits));
                TBits* place = strip + (k * PanelRows) + r;
                if (sizeof(TBits) == sizeof(uint))
                {
                    RowInterleaver.FourRows(square, rowBytes, default, (uint*)place);
                }
                else
                {
                    RowInterleaver.EightRows(square, rowBytes, (ushort*)place);
                }
            }
        }

        return FloatExponents.AreFinite(strip, count / sizeof(TBits) * PanelRows, _exponent);
    }

    public void Multiply(byte* panels, byte* activations, int tokens, float* y, int yStride, int rows, byte* scratch)
    {
        if (tokens == 1)
        {
            _gemv(panels, (float*)activations, _columns, y, rows);
            return;
        }

        for (int row = 0; row < rows; row += PanelRows)
        {
            byte* panel = panels + (row / PanelRows * PanelBytes);
            MultiplyPanel(panel, activations, tokens, y + row, yStride, Math.Min(PanelRows, rows - row), scratch);
        }
    }

    private void MultiplyPanel(byte* panel, byte* activations, int tokens, float* y, int yStride, int rows, byte* scratch)
    {
        if (!IsFloat32)
        {
            _expand(panel, _columns, (float*)scratch);
            panel = scratch;
        }

        for (int t = 0; t < tokens;)
        {
            int count = Math.Min(_tileTokens, tokens - t);
            _gemm(panel, activations, _columns, count, y + ((long)t * yStride), yStride, rows);
            activations += ActivationLayout.ByteSize(ActivationKind.Float32, _columns, count);
            t += count;
        }
    }
}

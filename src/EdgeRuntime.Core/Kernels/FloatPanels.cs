using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Panels;

namespace EdgeRuntime.Kernels;

/// <summary>Panels [columns][16] of F32, F16 or BF16, in the file's element type, multiplied with Float32 activations.</summary>
internal sealed unsafe class FloatPanels : IPanelProduct
{
    private const int PanelRows = ExpandedPanelLayout.PanelRows;

    private readonly TensorType _type;
    private readonly int _elementBytes;
    private readonly int _columns;
    private readonly int _tileTokens;
    private readonly delegate*<byte*, int, float*, void> _expand;
    private readonly delegate*<byte*, float*, int, float*, int, void> _gemv;
    private readonly delegate*<byte*, byte*, int, int, float*, int, int, void> _gemm;

    public FloatPanels(TensorFormat format, int columns, PanelKernels kernels, PanelKernels decodeKernels)
    {
        _type = format.Type;
        _elementBytes = format.BlockBytes;
        _columns = columns;
        _tileTokens = kernels.TileTokens;
        _expand = kernels.ExpandFloat(_type);
        _gemv = decodeKernels.GemvFloat(_type);
        _gemm = kernels.GemmFloat;
        PanelBytes = FloatPanelLayout.PanelBytes(columns, _elementBytes);
    }

    public ActivationKind ActivationKind => ActivationKind.Float32;

    public long PanelBytes { get; }

    public long ScratchBytes => _type == TensorType.F32 ? 0 : (long)_columns * PanelRows * sizeof(float);

    public int PackStrip(byte* panel, int r, int firstColumn, ReadOnlySpan<byte> source)
    {
        byte* strip = panel + ((long)firstColumn * PanelRows * _elementBytes);
        return _type switch
        {
            TensorType.F32 => Interleave(source, (uint*)strip, r, FloatExponents.F32),
            TensorType.F16 => Interleave(source, (ushort*)strip, r, FloatExponents.F16),
            _ => Interleave(source, (ushort*)strip, r, FloatExponents.BF16),
        };
    }

    public bool TryPackRows(byte* panel, int firstColumn, byte* source, nint rowBytes, int count)
    {
        if (!RowInterleaver.IsSupported || count % Vector128<byte>.Count != 0)
        {
            return false;
        }

        byte* strip = panel + ((long)firstColumn * PanelRows * _elementBytes);
        return _type switch
        {
            TensorType.F32 => TryInterleave(source, rowBytes, count, (uint*)strip, FloatExponents.F32),
            TensorType.F16 => TryInterleave(source, rowBytes, count, (ushort*)strip, FloatExponents.F16),
            _ => TryInterleave(source, rowBytes, count, (ushort*)strip, FloatExponents.BF16),
        };
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
        if (_type != TensorType.F32)
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

    /// <summary>Writes every sixteenth place; returns the first column whose exponent is all ones, or -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Interleave<T>(ReadOnlySpan<byte> source, T* panel, int r, T exponent)
        where T : unmanaged, IBinaryInteger<T>
    {
        ReadOnlySpan<T> row = MemoryMarshal.Cast<byte, T>(source);
        for (int k = 0; k < row.Length; k++)
        {
            if ((row[k] & exponent) == exponent)
            {
                return k;
            }

            panel[((long)k * PanelRows) + r] = row[k];
        }

        return -1;
    }

    /// <summary>Interleaves all sixteen rows at once; false where an exponent is all ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool TryInterleave<T>(byte* source, nint rowBytes, int count, T* panel, T exponent)
        where T : unmanaged, IBinaryInteger<T>
    {
        int rows = Vector128<T>.Count;
        for (int r = 0; r < PanelRows; r += rows)
        {
            for (int k = 0; k < count / sizeof(T); k += Vector128<T>.Count)
            {
                byte* square = source + (r * rowBytes) + (k * sizeof(T));
                T* place = panel + (k * PanelRows) + r;
                if (sizeof(T) == sizeof(uint))
                {
                    RowInterleaver.FourRows(square, rowBytes, default, (uint*)place);
                }
                else
                {
                    RowInterleaver.EightRows(square, rowBytes, (ushort*)place);
                }
            }
        }

        return FloatExponents.AreFinite(panel, count / sizeof(T) * PanelRows, exponent);
    }
}

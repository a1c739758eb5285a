using System;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Panels;
using EdgeRuntime.Memory;

namespace EdgeRuntime.Kernels;

/// <summary>
/// A weight matrix [rows, columns], packed for the kernels: panels of 16 rows, interleaved so that the rows sit in the lanes
/// of a vector; a last panel with fewer rows is filled with zeros. Owns its memory, or is a view into a mapped file of panels.
/// Immutable once packed: any number of threads may multiply with it.
/// </summary>
internal sealed unsafe class PackedMatrix : IDisposable
{
    public const int PanelRows = ExpandedPanelLayout.PanelRows;

    private readonly TensorFormat _format;
    private readonly long _rowBytes;
    private NativeBuffer? _memory;
    private byte* _panels;
    private IPanelProduct _product;

    /// <param name="type">A type with kernels.</param>
    /// <param name="rows">Output features.</param>
    /// <param name="columns">Input features, a multiple of the type's block.</param>
    /// <param name="instructionSet">The one whose kernels will be used.</param>
    /// <param name="allocate">Whether the matrix gets zeroed memory of its own now. If not, it has no panels until <see
    /// cref="Allocate"/>, <see cref="Place"/> or <see cref="Map"/>.</param>
    /// <exception cref="UnsupportedModelException">The type has no kernels.</exception>
    /// <exception cref="ArgumentException">No rows, no columns, or columns that are no multiple of the block.</exception>
    public PackedMatrix(TensorType type, int rows, int columns, InstructionSet instructionSet, bool allocate = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        _format = TensorFormats.Get(type);
        Type = type;
        Rows = rows;
        Columns = columns;
        _rowBytes = _format.RowBytes(columns);
        _product = IPanelProduct.Create(_format, columns, instructionSet.Kernels, instructionSet.Kernels);
        ByteSize = checked(Panels * PanelBytes);
        if (allocate)
        {
            Allocate();
        }
    }

    public TensorType Type { get; }

    public int Rows { get; }

    public int Columns { get; }

    public int Panels => (int)(((long)Rows + PanelRows - 1) / PanelRows);

    public ActivationKind ActivationKind => _product.ActivationKind;

    /// <summary>Bytes of the packed form, about those of the file's.</summary>
    public long ByteSize { get; }

    /// <summary>Bytes of scratch that a thread needs for <see cref="Multiply"/> (an expanded panel).</summary>
    public long ScratchBytes => _product.ScratchBytes;

    /// <summary>Bytes of a panel, a multiple of 64.</summary>
    public long PanelBytes => _product.PanelBytes;

    /// <summary>
    /// Chooses other kernels for the same panels, which lie alike for every instruction set; results stay the same to the bit.
    /// Nobody may multiply meanwhile.
    /// </summary>
    /// <param name="prefill">For many tokens.</param>
    /// <param name="decode">For one or a few.</param>
    public void UseKernels(InstructionSet prefill, InstructionSet decode) =>
        _product = IPanelProduct.Create(_format, Columns, prefill.Kernels, decode.Kernels);

    /// <summary>Gives the matrix zeroed memory of its own.</summary>
    public void Allocate()
    {
        _memory = new NativeBuffer(ByteSize);
        _panels = _memory.Pointer;
    }

    /// <summary>Gives the matrix a place in zeroed memory that outlives it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not inside the memory.</exception>
    public void Place(NativeBuffer memory, long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, memory.ByteLength - ByteSize);
        _panels = memory.Pointer + offset;
    }

    /// <summary>Takes the panels from a file that holds them as this class packs them; the file must outlive the matrix.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not inside the file.</exception>
    public void Map(MappedFile file, long offset) => _panels = file.GetPointer(offset, ByteSize);

    /// <summary>Some bytes of the panels, as they would lie in a file.</summary>
    public ReadOnlySpan<byte> GetBytes(long offset, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, ByteSize - count);
        return new ReadOnlySpan<byte>(_panels + offset, count);
    }

    /// <summary>Packs one panel. Panels may be packed by several threads at once.</summary>
    /// <param name="panel">Index of the panel.</param>
    /// <param name="source">The panel's rows as in the file, row after row: min(16, rows - 16 panel) rows.</param>
    /// <param name="destination">The panel's place, or PanelBytes other bytes, 64-byte aligned. Rows that the panel lacks are left as
    /// they are.</param>
    /// <exception cref="ArgumentException">No such panel, or a source of another length.</exception>
    /// <exception cref="NonFiniteWeightException">A scale, or a weight of a float type, is infinite or not a number.</exception>
    public void PackPanel(int panel, ReadOnlySpan<byte> source, byte* destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(panel);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(panel, Panels);
        int rows = RowsOf(panel);
        if (source.Length != rows * _rowBytes)
        {
            throw new ArgumentException($"panel {panel} takes {rows} rows of {_rowBytes} bytes, not {source.Length} bytes", nameof(source));
        }

        fixed (byte* start = source)
        {
            for (int first = 0; first < Columns; first += IPanelProduct.StripColumns)
            {
                int from = (int)_format.RowBytes(first);
                int count = (int)_format.RowBytes(Math.Min(IPanelProduct.StripColumns, Columns - first));
                if (rows < PanelRows || !_product.TryPackRows(destination, first, start + from, (nint)_rowBytes, count))
                {
                    PackRowByRow(panel, first, source[from..], rows, count, destination);
                }
            }
        }
    }

    /// <summary>y[token, row] = sum over columns of weight[row, column] * x[token, column], for the rows of some panels.</summary>
    /// <param name="panels">The panel <paramref name="firstPanel"/> and those behind it, in their places or others.</param>
    /// <param name="activations"><see cref="ActivationLayout"/> of this matrix's kind, <paramref name="tokens"/> tokens.</param>
    /// <param name="tokens">Rows of x, at least 1.</param>
    /// <param name="firstPanel">First panel to compute.</param>
    /// <param name="lastPanel">One past the last.</param>
    /// <param name="y">[tokens, Rows] with <paramref name="yStride"/> floats a token; only the panels' rows are written.</param>
    /// <param name="yStride">Floats from one token's row of y to the next.</param>
    /// <param name="scratch">ScratchBytes bytes, 64-byte aligned, of the calling thread.</param>
    public void Multiply(
        byte* panels, byte* activations, int tokens, int firstPanel, int lastPanel, float* y, int yStride, byte* scratch)
    {
        long firstRow = (long)firstPanel * PanelRows;
        int rows = (int)(Math.Min((long)lastPanel * PanelRows, Rows) - firstRow);
        _product.Multiply(panels, activations, tokens, y + firstRow, yStride, rows, scratch);
    }

    /// <summary>Where a panel lies.</summary>
    /// <exception cref="ObjectDisposedException">Disposed, or without memory yet.</exception>
    public byte* Panel(int panel) =>
        _panels is null ? throw new ObjectDisposedException(nameof(PackedMatrix)) : _panels + (panel * PanelBytes);

    /// <summary>Rows of a panel: 16, or fewer in the last.</summary>
    public int RowsOf(int panel) => (int)Math.Min(PanelRows, Rows - ((long)panel * PanelRows));

    public void Dispose()
    {
        _panels = null;
        _memory?.Dispose();
    }

    private void PackRowByRow(int panel, int firstColumn, ReadOnlySpan<byte> source, int rows, int count, byte* destination)
    {
        for (int r = 0; r < rows; r++)
        {
            int bad = _product.PackStrip(destination, r, firstColumn, source.Slice((int)(r * _rowBytes), count));
            if (bad >= 0)
            {
                throw new NonFiniteWeightException(((long)panel * PanelRows) + r, firstColumn + bad);
            }
        }
    }
}

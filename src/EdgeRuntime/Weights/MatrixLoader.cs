using System;
using System.Buffers;
using System.Runtime.InteropServices;
using System.Threading;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using EdgeRuntime.Kernels;
using EdgeRuntime.Memory;

namespace EdgeRuntime.Weights;

/// <summary>
/// A matrix that is not packed yet and multiplies from the file. In the first pass that reads it, a few panels at a time are packed into a
/// thread's scratch, multiplied and forgotten, which commits no memory; in the second they are packed into their places. The kernels are
/// the same, and so are the results.
/// </summary>
internal sealed unsafe class MatrixLoader
{
    // Enough to hide the system call and the shared counter, few enough to stay in a core's cache and for all threads to finish together.
    // Kernels multiply pairs of panels.
    private const int BytesAtOnce = 256 << 10;
    private const int Pair = 2;

    private readonly PackedMatrix _matrix;
    private readonly string _path;
    private readonly long _firstRow;
    private readonly int _sharePanels;
    private int _panelsDone;
    private bool _keepsPanels;

    /// <param name="tensor">The weights in the file.</param>
    /// <param name="matrix">The matrix to pack, of the tensor's type or of float32.</param>
    /// <param name="firstRow">The tensor's row that is the matrix's first: not 0 for the later matrices of a stack.</param>
    /// <param name="path">The model's file, for messages.</param>
    public MatrixLoader(GgufTensor tensor, PackedMatrix matrix, long firstRow, string path)
    {
        _matrix = matrix;
        _path = path;
        _firstRow = firstRow;
        _sharePanels = Pair * (int)Math.Max(1, BytesAtOnce / (Pair * PackedMatrix.PanelRows * tensor.RowBytes));
        Tensor = tensor;
    }

    public GgufTensor Tensor { get; }

    /// <summary>Gets the tensor's row that is the matrix's first.</summary>
    public long FirstRow => _firstRow;

    /// <summary>Gets the bytes of the matrix in the file.</summary>
    public long FileBytes => _matrix.Rows * Tensor.RowBytes;

    /// <summary>Gets a name that no other matrix of the file has.</summary>
    public string Name => _matrix.Rows == Tensor.Rows ? Tensor.Name : $"{Tensor.Name}[{_firstRow}]";

    /// <summary>Gets the number of shares, a few panels each, that <see cref="PackShare"/> packs.</summary>
    public int Shares => (_matrix.Panels + _sharePanels - 1) / _sharePanels;

    /// <summary>Gets the bytes of scratch that a thread needs for <see cref="PackShare"/>.</summary>
    public long RowBytes => Math.Min((long)_sharePanels * PackedMatrix.PanelRows, _matrix.Rows) * Tensor.RowBytes;

    /// <summary>Gets the bytes of scratch that a thread needs for <see cref="Multiply"/>.</summary>
    public long ScratchBytes => NativeBuffer.Align(_matrix.ScratchBytes) + (_sharePanels * _matrix.PanelBytes) + RowBytes;

    /// <summary>Packs a share into its place. Shares may be packed by several threads at once.</summary>
    /// <param name="share">0 to <see cref="Shares"/> - 1.</param>
    /// <param name="rows">RowBytes bytes of the calling thread.</param>
    /// <exception cref="ModelFormatException">A weight is not finite.</exception>
    /// <exception cref="System.IO.IOException">The file can't be read any more.</exception>
    public void PackShare(int share, byte* rows)
    {
        int first = share * _sharePanels;
        Pack(first, Math.Min(first + _sharePanels, _matrix.Panels), rows, _matrix.Panel(first));
    }

    /// <summary>Multiplies as <see cref="PackedMatrix.Multiply"/> does, to the bit.</summary>
    /// <param name="activations">[tokens, columns] in the form that the matrix reads.</param>
    /// <param name="tokens">Rows of activations.</param>
    /// <param name="firstPanel">First panel to compute.</param>
    /// <param name="lastPanel">One past the last.</param>
    /// <param name="y">[tokens, yStride].</param>
    /// <param name="yStride">Floats from one token to the next.</param>
    /// <param name="scratch">ScratchBytes bytes of the calling thread.</param>
    /// <exception cref="ModelFormatException">A weight is not finite.</exception>
    /// <exception cref="System.IO.IOException">The file can't be read any more.</exception>
    public void Multiply(byte* activations, int tokens, int firstPanel, int lastPanel, float* y, int yStride, byte* scratch)
    {
        byte* forgotten = scratch + NativeBuffer.Align(_matrix.ScratchBytes);
        byte* rows = forgotten + (_sharePanels * _matrix.PanelBytes);
        for (int first = firstPanel; first < lastPanel; first += _sharePanels)
        {
            int last = Math.Min(first + _sharePanels, lastPanel);
            byte* panels = _keepsPanels ? _matrix.Panel(first) : forgotten;
            Pack(first, last, rows, panels);
            _matrix.Multiply(panels, activations, tokens, first, last, y, yStride, scratch);
        }

        Interlocked.Add(ref _panelsDone, lastPanel - firstPanel);
    }

    /// <summary>
    /// Ends a pass; called while nobody multiplies. Passes that skip panels are ignored. A pass may multiply panels more than once.
    /// </summary>
    /// <returns>Whether all panels are packed.</returns>
    public bool FinishPass()
    {
        bool all = _panelsDone >= _matrix.Panels;
        bool packed = all && _keepsPanels;
        _keepsPanels |= all;
        _panelsDone = 0;
        return packed;
    }

    private void Pack(int firstPanel, int lastPanel, byte* rows, byte* panels)
    {
        int firstRow = firstPanel * PackedMatrix.PanelRows;
        int count = Math.Min(lastPanel * PackedMatrix.PanelRows, _matrix.Rows) - firstRow;
        int rowBytes = (int)Tensor.RowBytes;
        var source = new ReadOnlySpan<byte>(rows, count * rowBytes);
        Tensor.ReadRows(_firstRow + firstRow, new Span<byte>(rows, source.Length));
        try
        {
            for (int panel = firstPanel; panel < lastPanel; panel++)
            {
                int bytes = _matrix.RowsOf(panel) * rowBytes;
                PackPanel(panel, source[..bytes], panels + ((panel - firstPanel) * _matrix.PanelBytes));
                source = source[bytes..];
            }
        }
        catch (NonFiniteWeightException exception)
        {
            throw new ModelFormatException(_path, Tensor.FileOffset, $"tensor '{Tensor.Name}': {exception.Message}");
        }
    }

    private void PackPanel(int panel, ReadOnlySpan<byte> source, byte* destination)
    {
        if (_matrix.Type == Tensor.Type)
        {
            _matrix.PackPanel(panel, source, destination);
            return;
        }

        int count = _matrix.RowsOf(panel) * _matrix.Columns;
        float[] expanded = ArrayPool<float>.Shared.Rent(count);
        TensorFormats.Get(Tensor.Type).Dequantize(source, expanded.AsSpan(0, count));
        _matrix.PackPanel(panel, MemoryMarshal.AsBytes(expanded.AsSpan(0, count)), destination);
        ArrayPool<float>.Shared.Return(expanded);
    }
}

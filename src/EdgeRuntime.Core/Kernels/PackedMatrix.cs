using System;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Kernels;

/// <summary>
/// A weight matrix [rows, columns], packed for the kernels: panels of 16 rows, interleaved so that the rows sit in the lanes
/// of a vector; a last panel with fewer rows is filled with zeros. Owns its memory. Immutable once packed: any number of
/// threads may multiply with it.
/// </summary>
internal sealed unsafe class PackedMatrix : IDisposable
{
    public const int PanelRows = ExpandedPanelLayout.PanelRows;

    /// <param name="type">A type with kernels.</param>
    /// <param name="rows">Output features.</param>
    /// <param name="columns">Input features, a multiple of the type's block.</param>
    /// <param name="instructionSet">The one whose kernels will be used.</param>
    public PackedMatrix(TensorType type, int rows, int columns, InstructionSet instructionSet) => throw new NotImplementedException();

    public TensorType Type { get; }

    public int Rows { get; }

    public int Columns { get; }

    public int Panels => (Rows + PanelRows - 1) / PanelRows;

    public ActivationKind ActivationKind { get; }

    /// <summary>Bytes of the packed form, about those of the file's.</summary>
    public long ByteSize { get; }

    /// <summary>Bytes of scratch that a thread needs for <see cref="Multiply"/> (an expanded panel).</summary>
    public long ScratchBytes { get; }

    /// <summary>Packs one panel. Panels may be packed by several threads at once.</summary>
    /// <param name="panel">Index of the panel.</param>
    /// <param name="source">The panel's rows as in the file, row after row: min(16, rows - 16 panel) rows.</param>
    public void PackPanel(int panel, ReadOnlySpan<byte> source) => throw new NotImplementedException();

    /// <summary>y[token, row] = sum over columns of weight[row, column] * x[token, column], for the rows of some panels.</summary>
    /// <param name="activations">In the layout of <see cref="ActivationLayout"/>, of this matrix's kind, <paramref name="tokens"/> tokens.</param>
    /// <param name="tokens">Rows of x, at least 1.</param>
    /// <param name="firstPanel">First panel to compute.</param>
    /// <param name="lastPanel">One past the last.</param>
    /// <param name="y">[tokens, Rows] with <paramref name="yStride"/> floats a token; only the panels' rows are written.</param>
    /// <param name="yStride">Floats from one token's row of y to the next.</param>
    /// <param name="scratch">ScratchBytes bytes, 64-byte aligned, of the calling thread.</param>
    public void Multiply(byte* activations, int tokens, int firstPanel, int lastPanel, float* y, int yStride, byte* scratch) =>
        throw new NotImplementedException();

    public void Dispose() => throw new NotImplementedException();
}

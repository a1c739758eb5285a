using System;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Panels;
using EdgeRuntime.Kernels.Vector;

namespace EdgeRuntime.Kernels;

/// <summary>What <see cref="PackedMatrix"/> does differently for float and for quantized types, panel by panel.</summary>
internal unsafe interface IPanelProduct
{
    /// <summary>Columns that are packed of all rows, before the next: they stay in the first level of the cache meanwhile.</summary>
    const int StripColumns = PackedLayout.StripBlocks * ActivationLayout.BlockColumns;

    /// <summary>Creates the products of a type.</summary>
    /// <param name="format">The type.</param>
    /// <param name="columns">Columns of the matrix.</param>
    /// <param name="kernels">For many tokens.</param>
    /// <param name="decodeKernels">For one or a few.</param>
    static IPanelProduct Create(TensorFormat format, int columns, PanelKernels kernels, PanelKernels decodeKernels) => format.Type switch
    {
        _ when format.Shape is { } shape => new QuantizedPanels(format, shape, columns, kernels, decodeKernels),
        TensorType.F32 => new FloatPanels<Float32Element, uint>(FloatExponents.F32, columns, kernels, decodeKernels),
        TensorType.F16 => new FloatPanels<HalfElement, ushort>(FloatExponents.F16, columns, kernels, decodeKernels),
        _ => new FloatPanels<BFloat16Element, ushort>(FloatExponents.BF16, columns, kernels, decodeKernels),
    };

    /// <summary>What the panels multiply with.</summary>
    ActivationKind ActivationKind { get; }

    /// <summary>Bytes of one packed panel, a multiple of 64.</summary>
    long PanelBytes { get; }

    /// <summary>Bytes of scratch that <see cref="Multiply"/> needs.</summary>
    long ScratchBytes { get; }

    /// <summary>
    /// Writes a strip of row r of a panel from the file's bytes; returns the column, from the strip's first, of a block that is not
    /// finite, or -1. What it calls is compiled for speed at once: a model is packed before the runtime would find out by itself what
    /// is hot.
    /// </summary>
    /// <param name="panel">The panel.</param>
    /// <param name="r">The row, 0 to 15.</param>
    /// <param name="firstColumn">A multiple of <see cref="StripColumns"/>.</param>
    /// <param name="source">As many columns, or as are left.</param>
    int PackStrip(byte* panel, int r, int firstColumn, ReadOnlySpan<byte> source);

    /// <summary>
    /// Writes a strip of all sixteen rows of a panel at once, several times faster than <see cref="PackStrip"/> does it row by row and
    /// with the same result.
    /// </summary>
    /// <param name="panel">The panel.</param>
    /// <param name="firstColumn">A multiple of <see cref="StripColumns"/>.</param>
    /// <param name="source">The first row's bytes of the strip.</param>
    /// <param name="rowBytes">From one row to the next.</param>
    /// <param name="count">Bytes of the strip in a row.</param>
    /// <returns>
    /// False where there is no such way, or a value is not finite: then <see cref="PackStrip"/> is to do it, and finds the value.
    /// </returns>
    bool TryPackRows(byte* panel, int firstColumn, byte* source, nint rowBytes, int count);

    /// <summary>
    /// Products of <paramref name="rows"/> rows that begin a panel, whatever the number of panels; other arguments as in
    /// <see cref="PackedMatrix.Multiply"/>, y at the first row.
    /// </summary>
    void Multiply(byte* panels, byte* activations, int tokens, float* y, int yStride, int rows, byte* scratch);
}

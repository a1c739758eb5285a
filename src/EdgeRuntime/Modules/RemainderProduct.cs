using System;
using EdgeRuntime.Kernels;
using EdgeRuntime.Kernels.Panels;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>
/// Computes W (x - d q) for some rows of W, where d q are the int8 activations of x. Added to W d q, it gives W x almost as exactly as
/// float activations do, because the remainders x - d q are quantized with smaller scales of their own.
/// </summary>
internal sealed unsafe class RemainderProduct
{
    private readonly Projection _projection;
    private readonly int _firstPanel;
    private readonly int _skipped;
    private readonly int _width;
    private long _tiles;
    private long _result;

    /// <param name="projection">The projection whose product with int8 activations is computed elsewhere.</param>
    /// <param name="firstRow">The first row of W to compute; the others follow to the end of W.</param>
    public RemainderProduct(Projection projection, int firstRow)
    {
        // The bias is in the other product.
        _projection = projection.With(projection.Scale, bias: null, projection.UpdateFactor);
        _firstPanel = firstRow / PackedMatrix.PanelRows;
        _skipped = firstRow % PackedMatrix.PanelRows;
        _width = projection.Rows - firstRow + _skipped;
    }

    /// <summary>Declares the scratch. The input's rows must last as long as <see cref="Run"/> takes.</summary>
    public void Plan(ScratchPlan scratch)
    {
        _tiles = scratch.Bytes(ActivationLayout.ByteSize(ActivationKind.Int8, _projection.Columns, scratch.Rows));
        _result = scratch.Floats(_width);
        scratch.UseThread((long)scratch.TileTokens * _projection.Columns * sizeof(float));
    }

    /// <summary>Computes the product of all rows of the input. Ends at a barrier.</summary>
    /// <param name="t">The thread.</param>
    /// <param name="input">[rows, columns] as int8 tiles and as plain rows.</param>
    public void Run(PassThread t, in Activations input)
    {
        byte* int8 = input.For(_projection);
        byte* tiles = (byte*)t.Floats(_tiles);
        int tileCount = (t.Rows + t.TileTokens - 1) / t.TileTokens;
        for (int tile; (tile = t.TakeItem()) < tileCount;)
        {
            FillTile(t, input.Rows, int8, tiles, tile * t.TileTokens);
        }

        t.Barrier();
        float* y = t.Floats(_result) - (_firstPanel * PackedMatrix.PanelRows);
        while (t.TakeShare(_projection.Panels - _firstPanel, out int first, out int last))
        {
            _projection.Multiply(tiles, t.Rows, _firstPanel + first, _firstPanel + last, y, _width, t.Scratch);
        }

        t.Barrier();
    }

    /// <summary>Adds the product of a row to <paramref name="y"/>, the product with the int8 activations.</summary>
    public void AddTo(PassThread t, int row, float* y) =>
        t.Vector.Add(t.Floats(_result) + ((long)row * _width) + _skipped, y, _width - _skipped);

    private void FillTile(PassThread t, float* rows, byte* int8, byte* tiles, int first)
    {
        int columns = _projection.Columns;
        int count = Math.Min(t.TileTokens, t.Rows - first);
        long offset = ActivationLayout.ByteSize(ActivationKind.Int8, columns, first);
        float* remainders = (float*)t.Scratch;
        byte* block = int8 + offset;
        for (int column = 0; column < columns; column += ActivationLayout.BlockColumns)
        {
            var q = (sbyte*)block;
            var d = (float*)(block + (ActivationLayout.BlockColumns * count));
            for (int token = 0; token < count; token++)
            {
                float* x = rows + ((long)(first + token) * columns) + column;
                float* target = remainders + ((long)token * columns) + column;
                for (int i = 0; i < ActivationLayout.BlockColumns; i++)
                {
                    target[i] = x[i] - (d[token] * q[ActivationLayout.Int8Index(i, token, count)]);
                }
            }

            block += ActivationLayout.Int8BlockBytesPerToken * count;
        }

        ActivationQuantizer.Fill(ActivationKind.Int8, remainders, columns, count, columns, 0, 1, tiles + offset, t.Isa);
    }
}

using EdgeRuntime.Kernels;
using EdgeRuntime.Kernels.Panels;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>Multiplies each head's part of every row by a matrix of its own. A part of mixers.</summary>
internal sealed unsafe class HeadProjections : Module
{
    private readonly string _name;
    private readonly int _heads;
    private readonly int _rows;
    private readonly int _columns;
    private Projection[] _projections = [];
    private long _tiles;

    /// <param name="name">The tensor name without its last part: a stack [heads, rows, columns].</param>
    /// <param name="heads">The number of heads.</param>
    /// <param name="rows">The number of output features of a head.</param>
    /// <param name="columns">The number of input features of a head.</param>
    public HeadProjections(string name, int heads, int rows, int columns)
    {
        _name = name;
        _heads = heads;
        _rows = rows;
        _columns = columns;
    }

    /// <summary>Gets the matrix of each head of the bound module.</summary>
    public Projection[] Parts => _projections;

    public override void Bind(TensorBinder tensors) => _projections = tensors.Stack(_name, _heads, _rows, _columns);

    public override void Plan(ScratchPlan scratch) => _tiles = scratch.Bytes(_heads * TileBytes(scratch.Rows));

    /// <summary>Computes y[row, head] = W[head] x[row, head]. Ends at a barrier.</summary>
    /// <param name="t">The thread.</param>
    /// <param name="x">The first head of the first row.</param>
    /// <param name="xStride">The distance between two rows of x, in floats.</param>
    /// <param name="xHead">The distance between two heads of x, in floats.</param>
    /// <param name="y">The first head of the first row.</param>
    /// <param name="yStride">The distance between two rows of y, in floats.</param>
    /// <param name="yHead">The distance between two heads of y, in floats.</param>
    public void Run(PassThread t, float* x, int xStride, int xHead, float* y, int yStride, int yHead)
    {
        byte* tiles = (byte*)t.Floats(_tiles);
        long headBytes = TileBytes(t.Rows);
        int headTiles = (t.Rows + t.TileTokens - 1) / t.TileTokens;
        for (int item; (item = t.TakeItem()) < _heads * headTiles;)
        {
            int head = item / headTiles;
            int tile = item % headTiles;
            ActivationQuantizer.Fill(
                _projections[head].Reads, x + ((long)head * xHead), xStride, t.Rows, _columns, tile, tile + 1,
                tiles + (head * headBytes), t.Isa);
        }

        t.Pass.Inputs?.AddHeads(t, _projections, x, xStride, xHead);
        t.Barrier();
        int panels = _projections[0].Panels;
        while (t.TakeShare(_heads * panels, out int first, out int last))
        {
            for (; first < last; first = ((first / panels) + 1) * panels)
            {
                int head = first / panels;
                int panel = first % panels;
                int end = int.Min(last - (head * panels), panels);
                _projections[head].Multiply(tiles + (head * headBytes), t.Rows, panel, end, y + ((long)head * yHead), yStride, t.Scratch);
            }
        }

        t.Barrier();
    }

    // The tiles of all rows of the batch are stored head by head.
    private long TileBytes(int rows) => (ActivationLayout.ByteSize(ActivationKind.Float32, _columns, rows) + 63) & ~63L;
}

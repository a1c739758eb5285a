using EdgeRuntime.Kernels;
using EdgeRuntime.Kernels.Panels;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>A matrix for each head, which multiplies that head's part of every row. A part of mixers.</summary>
internal sealed unsafe class HeadProjections : Module
{
    private readonly string _name;
    private readonly int _heads;
    private readonly int _rows;
    private readonly int _columns;
    private Projection[] _projections = [];
    private long _tiles;

    /// <param name="name">Tensor name without its last part: a stack [heads, rows, columns].</param>
    /// <param name="heads">Heads.</param>
    /// <param name="rows">Output features of a head.</param>
    /// <param name="columns">Input features of a head.</param>
    public HeadProjections(string name, int heads, int rows, int columns)
    {
        _name = name;
        _heads = heads;
        _rows = rows;
        _columns = columns;
    }

    public override void Bind(TensorBinder tensors) => _projections = tensors.Stack(_name, _heads, _rows, _columns);

    public override void Plan(ScratchPlan scratch) => _tiles = scratch.Bytes(_heads * TileBytes(scratch.Rows));

    /// <summary>y[row, head] = W[head] x[row, head]. Ends at a barrier.</summary>
    /// <param name="t">The thread.</param>
    /// <param name="x">The first row's first head.</param>
    /// <param name="xStride">Floats from one row of x to the next.</param>
    /// <param name="xHead">Floats from one head of x to the next.</param>
    /// <param name="y">The first row's first head.</param>
    /// <param name="yStride">Floats from one row of y to the next.</param>
    /// <param name="yHead">Floats from one head of y to the next.</param>
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
                _projections[head].Reads, x + ((long)head * xHead), xStride, t.Rows, _columns, tile, tile + 1, tiles + (head * headBytes), t.Isa);
        }

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

    // Rows and heads are those of the batch: its tiles lie head after head.
    private long TileBytes(int rows) => (ActivationLayout.ByteSize(ActivationKind.Float32, _columns, rows) + 63) & ~63L;
}

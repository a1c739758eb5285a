using System;
using EdgeRuntime.Kernels;
using EdgeRuntime.Kernels.Attention;
using EdgeRuntime.Kernels.Panels;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Memory;
using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>A projection to multiply by, and the destination of its result.</summary>
/// <param name="projection">The projection.</param>
/// <param name="y">[rows, stride].</param>
/// <param name="stride">The distance between two rows of y, in floats.</param>
internal unsafe readonly struct Product(Projection projection, float* y, int stride)
{
    public Projection Projection { get; } = projection;

    public float* Y { get; } = y;

    public int Stride { get; } = stride;
}

/// <summary>
/// One thread's view of a pass: its index in the team, its own scratch, and the steps that modules consist of. Every thread calls the same
/// steps in the same order. With one row, every thread does cheap steps (a norm, quantization) for itself, which saves a barrier. The sum
/// of a row is never split, so results do not depend on the number of threads.
/// </summary>
internal sealed unsafe class PassThread : IDisposable
{
    // So many shares that threads of different speed finish together.
    private const int RowSharesPerThread = 4;

    private readonly Pass _pass;
    private NativeBuffer _memory = new(0);
    private long _rowOffset;
    private long _int8Offset;
    private int _firstRow;

    public PassThread(Pass pass, int index)
    {
        _pass = pass;
        Index = index;
    }

    /// <summary>Gets the index of the thread; 0 for the caller of the pass.</summary>
    public int Index { get; }

    public ElementwiseKernels Vector => _pass.Vector;

    public InstructionSet Isa => _pass.Isa;

    /// <inheritdoc cref="Pass.TileTokens"/>
    public int TileTokens => _pass.TileTokens;

    /// <summary>Gets the number of threads of the team.</summary>
    public int Threads => _pass.Team.Threads;

    /// <summary>Gets the number of rows that stages compute: all rows of the batch, or those of <see cref="Select"/>.</summary>
    public int Rows { get; private set; }

    /// <inheritdoc cref="Pass.Hidden"/>
    public int Hidden => _pass.Hidden;

    /// <summary>Gets the residual stream at the first of the rows, [rows, hidden].</summary>
    public float* X => _pass.X + ((long)_firstRow * Hidden);

    /// <summary>Gets the batch.</summary>
    public Pass Pass => _pass;

    /// <inheritdoc cref="Pass.Sequences"/>
    public ReadOnlySpan<SequenceRows> Sequences => _pass.Sequences;

    /// <summary>Gets the thread's scratch for one kernel call. Its content is lost after the call.</summary>
    public byte* Scratch => _memory.Pointer;

    /// <summary>Selects the rows that the next stages compute. Only row-wise stages may run on a part of the batch.</summary>
    public void Select(int firstRow, int rows)
    {
        _firstRow = firstRow;
        Rows = rows;
    }

    public int Token(int row) => _pass.Token(row);

    public int Position(int row) => _pass.Position(row);

    /// <inheritdoc cref="Pass.Floats"/>
    public float* Floats(long offset) => _pass.Floats(offset);

    /// <inheritdoc cref="Pass.Carried"/>
    public float* Carried(long offset) => _pass.Carried(offset);

    /// <summary>
    /// Takes the next item of the phase, which may be past the end. A phase that takes items ends with <see cref="Barrier"/>.
    /// </summary>
    public int TakeItem() => _pass.Team.TakeItems(1);

    /// <summary>
    /// Takes the next rows of the phase, up to 16 adjacent ones: the keys of adjacent positions share cache lines, which two threads would
    /// take from each other. A phase that takes rows ends with <see cref="Barrier"/>.
    /// </summary>
    /// <returns>False if no rows remain.</returns>
    public bool TakeRows(out int first, out int last)
    {
        int count = int.Clamp(Rows / (RowSharesPerThread * Threads), 1, KvLayout.PanelPositions);
        first = _pass.Team.TakeItems(count);
        last = int.Min(first + count, Rows);
        return first < Rows;
    }

    /// <summary>Takes a share of the panels of the phase, in multiples of what kernels multiply together.</summary>
    /// <returns>False if no panels remain.</returns>
    public bool TakeShare(int panels, out int first, out int last) =>
        _pass.Team.TakeShare(panels, PanelKernels.MostTilePanels, out first, out last);

    /// <summary>Waits until every thread has reached the barrier.</summary>
    public void Barrier() => _pass.Team.Barrier();

    /// <summary>Computes the cosines and sines of a row's position for every rope of the model.</summary>
    public void FillRotations(int row)
    {
        ref readonly SequenceRows sequence = ref _pass.SequenceOf(row);
        float* target = _pass.Rotations + ((long)row * sequence.State.RotationFloats);
        sequence.State.FillRotations(_pass.Position(row), target);
    }

    /// <summary>Gets the cosines and sines of a rope for a row.</summary>
    public float* Rotation(int row, Rotation rotation) =>
        _pass.Rotations + ((long)row * _pass.SequenceOf(row).State.RotationFloats) + rotation.Offset;

    /// <summary>Computes norm(x) of rows in the requested forms. Ends at a barrier, except with one row.</summary>
    /// <param name="x">[rows, columns].</param>
    /// <param name="columns">The number of columns, a multiple of the width of the norm.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="norm">The norm; null for none.</param>
    /// <param name="forms">The requested forms.</param>
    /// <param name="normed">
    /// [rows, columns]: receives norm(x); may be x. Null for the buffer of the pass, which is as wide as the residual stream.
    /// </param>
    public Activations Prepare(float* x, int columns, int rows, Norm? norm, ActivationForms forms, float* normed = null)
    {
        if (rows == 1)
        {
            Activations prepared = PrepareRow(x, columns, norm, forms);
            _pass.Inputs?.Measure(this, prepared.Rows, columns, 1);
            return prepared;
        }

        int tileTokens = _pass.TileTokens;
        int tiles = (rows + tileTokens - 1) / tileTokens;
        float* source = norm is null ? x : normed is null ? _pass.Normed : normed;
        for (int tile; (tile = TakeItem()) < tiles;)
        {
            int last = Math.Min((tile + 1) * tileTokens, rows);
            for (int row = tile * tileTokens; norm is not null && row < last; row++)
            {
                Normalize(norm, x + ((long)row * columns), source + ((long)row * columns), columns);
            }

            FillTile(source, columns, rows, tile, forms);
        }

        Barrier();
        _pass.Inputs?.Measure(this, source, columns, rows);
        return new Activations(_pass.Int8, _pass.Float32, source);
    }

    /// <summary>
    /// Multiplies the same rows by several projections. Shares cover the panels of all of them. The caller must end with a barrier.
    /// </summary>
    public void Multiply(in Activations x, int rows, params ReadOnlySpan<Product> products)
    {
        int panels = 0;
        foreach (Product product in products)
        {
            panels += product.Projection.Panels;
        }

        var updates = new AdapterUpdates(this, x, rows, products);
        while (TakeShare(panels, out int first, out int last))
        {
            int start = 0;
            foreach (Product product in products)
            {
                int firstPanel = Math.Max(first - start, 0);
                int lastPanel = Math.Min(last - start, product.Projection.Panels);
                if (firstPanel < lastPanel)
                {
                    product.Projection.Multiply(x.For(product.Projection), rows, firstPanel, lastPanel, product.Y, product.Stride, Scratch);
                    updates.Add(product, firstPanel, lastPanel);
                }

                start += product.Projection.Panels;
            }
        }
    }

    /// <summary>Multiplies by the last projection of a branch and writes to the branch's output. Ends at a barrier.</summary>
    public void MultiplyTo(BranchOutput output, in Activations x, Projection projection)
    {
        float* y = output.Buffer is null ? _pass.Delta : output.Buffer;
        ReadOnlySpan<Product> products = [new Product(projection, y, Hidden)];
        var updates = new AdapterUpdates(this, x, Rows, products);
        while (TakeShare(projection.Panels, out int panel, out int last))
        {
            projection.Multiply(x.For(projection), Rows, panel, last, y, Hidden, Scratch);
            updates.Add(products[0], panel, last);
            if (output.Buffer is null)
            {
                AddToResidual(y, panel * PackedMatrix.PanelRows, Math.Min(last * PackedMatrix.PanelRows, projection.Rows));
            }
        }

        Barrier();
    }

    /// <summary>Allocates the scratch of this thread for a plan.</summary>
    public void UsePlan(ScratchPlan plan, long matmulBytes)
    {
        _rowOffset = NativeBuffer.Align(Math.Max(matmulBytes, plan.ThreadBytes));
        _int8Offset = _rowOffset + NativeBuffer.Align((long)plan.Widest * sizeof(float)) + NativeBuffer.Alignment;
        _memory.Dispose();
        _memory = new NativeBuffer(_int8Offset + ActivationLayout.ByteSize(ActivationKind.Int8, plan.Widest, 1) + NativeBuffer.Alignment);
    }

    public void Dispose() => _memory.Dispose();

    /// <summary>Prepares one row; every thread does it for itself.</summary>
    private Activations PrepareRow(float* x, int columns, Norm? norm, ActivationForms forms)
    {
        float* row = x;
        if (norm is not null)
        {
            row = (float*)(_memory.Pointer + _rowOffset);
            Normalize(norm, x, row, columns);
        }

        byte* int8 = _memory.Pointer + _int8Offset;
        if ((forms & ActivationForms.Int8) != 0)
        {
            ActivationQuantizer.Fill(ActivationKind.Int8, row, columns, 1, columns, 0, 1, int8, Isa);
        }

        // One row in the Float32 layout is identical to the plain row.
        return new Activations(int8, (byte*)row, row);
    }

    /// <summary>Normalizes the parts of a row, each as wide as the norm.</summary>
    private void Normalize(Norm norm, float* x, float* y, int columns)
    {
        for (int first = 0; first < columns; first += norm.Width)
        {
            norm.Apply(Vector, x + first, y + first, first / norm.Width);
        }
    }

    private void FillTile(float* x, int columns, int rows, int tile, ActivationForms forms)
    {
        if ((forms & ActivationForms.Int8) != 0)
        {
            ActivationQuantizer.Fill(ActivationKind.Int8, x, columns, rows, columns, tile, tile + 1, _pass.Int8, Isa);
        }

        if ((forms & ActivationForms.Float32) != 0)
        {
            ActivationQuantizer.Fill(ActivationKind.Float32, x, columns, rows, columns, tile, tile + 1, _pass.Float32, Isa);
        }
    }

    /// <summary>Computes x += delta for the columns of some panels.</summary>
    private void AddToResidual(float* delta, int first, int last)
    {
        for (int row = 0; row < Rows; row++)
        {
            long offset = ((long)row * Hidden) + first;
            Vector.Add(delta + offset, X + offset, last - first);
        }
    }
}

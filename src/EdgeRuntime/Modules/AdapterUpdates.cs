using System;
using EdgeRuntime.Kernels;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>
/// What the adapters of the batch's sequences add to the products of one phase. Every thread makes one before the phase; if a sequence uses
/// an adapter, the threads compute A x together and meet at barriers. Each thread then adds B (A x) to the panels that it multiplies.
/// Statistics that observe the pass learn here which matrices multiply the rows that were prepared last.
/// </summary>
internal unsafe readonly ref struct AdapterUpdates
{
    private readonly PassThread _thread;
    private readonly int _rows;
    private readonly ReadOnlySpan<Product> _products;
    private readonly ReadOnlySpan<int> _batchRows;
    private readonly bool _any;

    /// <param name="thread">The thread.</param>
    /// <param name="x">[rows, columns].</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="products">The products of the phase.</param>
    /// <param name="batchRows">The rows of the batch that these rows are; empty where they are all, in order.</param>
    public AdapterUpdates(
        PassThread thread, in Activations x, int rows, ReadOnlySpan<Product> products, ReadOnlySpan<int> batchRows = default)
    {
        _thread = thread;
        _rows = rows;
        _products = products;
        _batchRows = batchRows;
        long floats = thread.Pass.UsesAdapters ? RanksBefore(products.Length) * rows : 0;
        thread.Pass.Inputs?.Add(thread, x, products);
        _any = floats > 0;
        if (_any)
        {
            Prepare(x, floats);
        }
    }

    /// <summary>Adds to the rows of some panels, which the thread has multiplied.</summary>
    /// <param name="product">One of the phase's products.</param>
    /// <param name="firstPanel">The first panel.</param>
    /// <param name="lastPanel">One past the last panel.</param>
    public void Add(in Product product, int firstPanel, int lastPanel)
    {
        if (_any && product.Projection.Updates.Length > 0)
        {
            AddTo(product, firstPanel, lastPanel);
        }
    }

    /// <summary>Computes A x of all adapters, [rows, rank] each, in the order of the products.</summary>
    private void Prepare(in Activations x, long floats)
    {
        if (_thread.Index == 0)
        {
            _thread.Pass.ReserveLowRanks(floats);
        }

        _thread.Barrier();
        float* low = _thread.Pass.LowRanks;
        int item = 0;
        int mine = _thread.TakeItem();
        foreach (Product product in _products)
        {
            foreach (LowRankUpdate update in product.Projection.Updates)
            {
                if (item++ == mine)
                {
                    update.Down.Multiply(x.For(update.Down), _rows, 0, update.Down.Panels, low, update.Rank, _thread.Scratch);
                    mine = _thread.TakeItem();
                }

                low += (long)_rows * update.Rank;
            }
        }

        _thread.Barrier();
    }

    private void AddTo(in Product product, int firstPanel, int lastPanel)
    {
        Projection projection = product.Projection;
        int first = firstPanel * PackedMatrix.PanelRows;
        int count = Math.Min(lastPanel * PackedMatrix.PanelRows, projection.Rows) - first;
        float* low = _thread.Pass.LowRanks + (RanksBefore(IndexOf(projection)) * _rows);
        foreach (LowRankUpdate update in projection.Updates)
        {
            for (int row = 0; row < _rows; row++, low += update.Rank)
            {
                int batchRow = _batchRows.IsEmpty ? row : _batchRows[row];
                float scale = projection.UpdateFactor * update.Scale * _thread.Pass.SequenceOf(batchRow).State.ScaleOf(update.Adapter);
                float* y = product.Y + ((long)row * product.Stride) + first;
                for (int k = 0; k < update.Rank && scale != 0; k++)
                {
                    _thread.Vector.AddScaled(update.Up + ((long)k * projection.Rows) + first, scale * low[k], y, count);
                }
            }
        }
    }

    private int IndexOf(Projection projection)
    {
        int index = 0;
        while (_products[index].Projection != projection)
        {
            index++;
        }

        return index;
    }

    private long RanksBefore(int index)
    {
        long ranks = 0;
        foreach (Product product in _products[..index])
        {
            ranks += product.Projection.UpdateRank;
        }

        return ranks;
    }
}

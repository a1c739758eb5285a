using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Numerics.Tensors;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>The sums of the squares of the inputs of a tensor's matrices.</summary>
/// <param name="columns">The number of columns of a matrix.</param>
/// <param name="matrices">The number of matrices.</param>
/// <param name="counts">The number of counts: one for each matrix, or one for all.</param>
internal sealed class InputSquares(int columns, int matrices, int counts)
{
    /// <summary>Gets the sums, [matrices, columns].</summary>
    public float[] Sums { get; } = new float[(long)matrices * columns];

    /// <summary>Gets the number of rows that were summed.</summary>
    public long[] Counts { get; } = new long[counts];
}

/// <summary>Where the rows of pairs of row and expert are.</summary>
internal enum RowGathering
{
    /// <summary>Each pair has a row of its own, in the order of the pairs.</summary>
    None,

    /// <summary>The row of a pair is that of the batch.</summary>
    Rows,

    /// <summary>The row of a pair is that of the batch, times the weight of the pair.</summary>
    Weighted,
}

/// <summary>
/// Sums the squares of the inputs of matrices, column by column, while passes run. Each thread sums a share of the columns over all rows in
/// their order, so the sums do not depend on the number of threads.
/// </summary>
/// <param name="threads">The number of threads of the passes.</param>
internal sealed unsafe class InputStatistics(int threads)
{
    private readonly Share[] _prepared = new Share[threads];
    private readonly Share[] _parts = new Share[threads]; // of what a head or an expert multiplies
    private readonly ConcurrentDictionary<string, InputSquares> _tensors = new(StringComparer.Ordinal);

    /// <summary>Gets the sums by the names of the tensors. Complete between passes.</summary>
    public IReadOnlyDictionary<string, InputSquares> Tensors => _tensors;

    /// <summary>Sums rows that matrices are about to multiply. Ends at a barrier, except with one row.</summary>
    /// <param name="t">The thread.</param>
    /// <param name="x">[rows, columns].</param>
    /// <param name="columns">The number of columns.</param>
    /// <param name="rows">The number of rows.</param>
    public void Measure(PassThread t, float* x, int columns, int rows)
    {
        ref Share share = ref Begin(_prepared, t, columns);
        share.Source = (nint)x;
        for (int row = 0; row < rows; row++)
        {
            share.Add(x + ((long)row * columns));
        }

        if (rows > 1)
        {
            t.Barrier(); // the products may overwrite the rows
        }
    }

    /// <summary>Adds the sums of the last <see cref="Measure"/> to the tensors of some products of these rows.</summary>
    public void Add(PassThread t, in Activations x, ReadOnlySpan<Product> products)
    {
        ref readonly Share share = ref _prepared[t.Index];
        if (share.Source != (nint)x.Rows)
        {
            throw new InvalidOperationException("a product reads other rows than those that were prepared last");
        }

        foreach (Product product in products)
        {
            AddTo(t, share, product.Projection, counts: 1);
        }
    }

    /// <summary>Sums the parts of rows that belong to heads with a matrix each. The caller ends the phase.</summary>
    /// <param name="t">The thread.</param>
    /// <param name="heads">The matrices of the heads.</param>
    /// <param name="x">The first head of the first row.</param>
    /// <param name="stride">The distance between two rows, in floats.</param>
    /// <param name="headStride">The distance between two heads, in floats.</param>
    public void AddHeads(PassThread t, Projection[] heads, float* x, int stride, int headStride)
    {
        for (int head = 0; head < heads.Length; head++)
        {
            ref Share share = ref Begin(_parts, t, heads[head].Columns);
            for (int row = 0; row < t.Rows; row++)
            {
                share.Add(x + ((long)row * stride) + ((long)head * headStride));
            }

            AddTo(t, share, heads[head], counts: 1);
        }
    }

    /// <summary>Sums the rows that each expert multiplies.</summary>
    /// <param name="t">The thread.</param>
    /// <param name="groups">The pairs of row and expert.</param>
    /// <param name="experts">The matrices of the experts; none for no effect.</param>
    /// <param name="source">The rows, as <paramref name="gathering"/> says.</param>
    /// <param name="gathering">Where the row of a pair is.</param>
    public void AddExperts(PassThread t, in ExpertGroups groups, Projection[] experts, float* source, RowGathering gathering)
    {
        for (int i = 0; experts.Length > 0 && i < groups.Active; i++)
        {
            int expert = groups.ActiveExpert(i);
            int columns = experts[expert].Columns;
            ref Share share = ref Begin(_parts, t, columns);
            for (int pair = groups.First(expert); pair < groups.First(expert) + groups.Count(expert); pair++)
            {
                float factor = gathering == RowGathering.Weighted ? groups.WeightOf(pair) : 1;
                share.Add(source + ((long)(gathering == RowGathering.None ? pair : groups.Row(pair)) * columns), factor);
            }

            AddTo(t, share, experts[expert], experts.Length);
        }
    }

    private static ref Share Begin(Share[] shares, PassThread t, int columns)
    {
        ref Share share = ref shares[t.Index];
        share.Begin(columns, t.Index, shares.Length);
        return ref share;
    }

    /// <summary>Adds the thread's share of the sums to the tensor of a projection.</summary>
    private void AddTo(PassThread t, in Share share, Projection projection, int counts)
    {
        if (projection.Origin is not { } origin)
        {
            return;
        }

        InputSquares squares = _tensors.GetOrAdd(
            origin.Tensor, static (_, shape) => new InputSquares(shape.Columns, shape.Count, shape.Counts),
            (projection.Columns, origin.Count, Counts: counts));
        Span<float> sums = squares.Sums.AsSpan((origin.Index * share.Columns) + share.First, share.Last - share.First);
        TensorPrimitives.Add(sums, share.Sums, sums);
        if (t.Index == 0 && (counts > 1 || origin.Index == 0))
        {
            squares.Counts[counts > 1 ? origin.Index : 0] += share.Rows;
        }
    }

    /// <summary>A thread's share of the columns.</summary>
    private struct Share
    {
        private float[] _sums;
        private float[] _scaled;

        /// <summary>Gets or sets the address of the first row.</summary>
        public nint Source { get; set; }

        public int Columns { get; private set; }

        /// <summary>Gets the first column of the share.</summary>
        public int First { get; private set; }

        /// <summary>Gets the end of the share.</summary>
        public int Last { get; private set; }

        /// <summary>Gets the number of rows that were added.</summary>
        public int Rows { get; private set; }

        public readonly ReadOnlySpan<float> Sums => _sums.AsSpan(0, Last - First);

        public void Begin(int columns, int thread, int threads)
        {
            Columns = columns;
            First = (int)((long)columns * thread / threads);
            Last = (int)((long)columns * (thread + 1) / threads);
            Rows = 0;
            if (_sums is null || _sums.Length < Last - First)
            {
                _sums = new float[Last - First];
                _scaled = new float[Last - First];
            }

            _sums.AsSpan(0, Last - First).Clear();
        }

        /// <summary>Adds the squares of a row's columns, times a factor before they are squared.</summary>
        public void Add(float* row, float factor = 1)
        {
            var x = new ReadOnlySpan<float>(row + First, Last - First);
            if (factor != 1)
            {
                TensorPrimitives.Multiply(x, factor, _scaled);
                x = _scaled.AsSpan(0, x.Length);
            }

            Span<float> sums = _sums.AsSpan(0, x.Length);
            TensorPrimitives.MultiplyAdd(x, x, sums, sums);
            Rows++;
        }
    }
}

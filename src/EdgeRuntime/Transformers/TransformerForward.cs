using System;
using System.Threading;
using EdgeRuntime.Kernels;
using EdgeRuntime.Kernels.Panels;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Memory;
using EdgeRuntime.Threading;

namespace EdgeRuntime.Transformers;

/// <summary>
/// The forward pass: token ids in, logits out. Prefill and decode are the same code with a different number of tokens, and a
/// batch may carry rows of several sequences.
/// <para>Every thread runs <see cref="ITeamWork.Run"/> from top to bottom: it takes shares of each step's work and meets the
/// others at <see cref="WorkerPool.Barrier"/>. With one token, what is cheap (norm, quantization) is done by every thread for
/// itself, which saves a barrier. A row's sum is never split, so results do not depend on the number of threads.</para>
/// </summary>
internal sealed unsafe class TransformerForward : ITeamWork, IDisposable
{
    private readonly TransformerSpec _spec;
    private readonly TransformerWeights _weights;
    private readonly WorkerPool _team;
    private readonly InstructionSet _isa;
    private readonly ForwardScratch _s;
    private readonly AttentionStep _attention;
    private readonly ElementwiseKernels _vector;
    private readonly int _tileTokens;

    private int[] _tokens = [];
    private int _rows;
    private BatchSlice[] _slices = [];
    private int _sliceCount;
    private int _firstLogitsRow;
    private float* _logits;
    private CancellationToken _cancellationToken;
    private volatile bool _cancelled;

    /// <param name="spec">The model's shape.</param>
    /// <param name="weights">Its weights; not owned.</param>
    /// <param name="team">Threads; not owned.</param>
    /// <param name="isa">The instruction set that the weights were packed for.</param>
    /// <param name="maxTokens">Most rows of a batch.</param>
    /// <param name="kvType">Type of the caches that batches will name.</param>
    /// <param name="contextLength">Greatest capacity of these caches.</param>
    public TransformerForward(
        TransformerSpec spec, TransformerWeights weights, WorkerPool team, InstructionSet isa, int maxTokens, KvCacheType kvType, int contextLength)
    {
        _spec = spec;
        _weights = weights;
        _team = team;
        _isa = isa;
        _s = new ForwardScratch(spec, maxTokens, team.Threads, weights.ScratchBytes);
        _attention = new AttentionStep(spec, isa, _s, kvType, contextLength, team.Threads);
        _vector = isa.Elementwise;
        _tileTokens = ActivationQuantizer.TileTokens(isa);
    }

    public int MaxTokens => _s.MaxTokens;

    /// <summary>Computes one batch and stores its keys and values; the caches' lengths are the caller's to advance.</summary>
    /// <param name="tokens">Token id of each row, at most <see cref="MaxTokens"/>.</param>
    /// <param name="slices">Which rows belong to which sequence.</param>
    /// <param name="logitsRows">How many of the last rows get logits.</param>
    /// <param name="logits">[logitsRows, vocabulary].</param>
    /// <param name="cancellationToken">Checked before each layer.</param>
    /// <exception cref="OperationCanceledException">Cancelled; no cache has advanced.</exception>
    public void Run(ReadOnlySpan<int> tokens, ReadOnlySpan<BatchSlice> slices, int logitsRows, float* logits, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tokens.Length, MaxTokens);
        Grow(ref _tokens, tokens);
        Grow(ref _slices, slices);
        _rows = tokens.Length;
        _sliceCount = slices.Length;
        _firstLogitsRow = tokens.Length - logitsRows;
        _logits = logits;
        _cancellationToken = cancellationToken;
        _cancelled = false;
        _team.Run(this);
        if (_cancelled)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    void ITeamWork.Run(WorkerPool team, int thread)
    {
        if (thread == 0)
        {
            _weights.BeginPass(); // the others begin to multiply after the barrier
        }

        Embed(team);
        team.Barrier();
        for (int layer = 0; layer < _weights.Layers.Length; layer++)
        {
            if (IsCancelled(team, thread))
            {
                return;
            }

            AttentionBlock(team, thread, layer, _weights.Layers[layer]);
            FeedForwardBlock(team, thread, _weights.Layers[layer]);
        }

        Logits(team, thread);
    }

    public void Dispose()
    {
        _attention.Dispose();
        _s.Dispose();
    }

    /// <summary>x[t] = embedding[token t], and the rotations of the positions.</summary>
    private void Embed(WorkerPool team)
    {
        int pairs = _spec.Rope.Dimensions / 2;
        for (int row; (row = team.TakeItems(1)) < _rows;)
        {
            _weights.Embedding.Read(_tokens[row], new Span<float>(_s.X + ((long)row * _spec.Hidden), _spec.Hidden));
            BatchSlice slice = SliceOf(row);
            int position = slice.FirstPosition + row - slice.FirstRow;
            slice.Rope.Fill(position, new Span<float>(_s.Cos + ((long)row * pairs), pairs), new Span<float>(_s.Sin + ((long)row * pairs), pairs));
        }
    }

    /// <summary>x += Wo attention(rope(Wq n), rope(Wk n), Wv n), with n = norm(x).</summary>
    private void AttentionBlock(WorkerPool team, int thread, int index, LayerWeights layer)
    {
        Activations n = Normalize(team, thread, layer.AttentionNorm, 0, _rows, layer.Query, layer.Key, layer.Value);
        Multiply(team, thread, n, layer.Query, _s.Query, layer.Key, _s.Key, layer.Value, _s.Value);
        team.Barrier();
        _attention.Run(team, thread, index, new ReadOnlySpan<BatchSlice>(_slices, 0, _sliceCount));
        Activations a = Prepare(team, thread, _s.Attention, _spec.AttentionWidth, layer.Output);
        MultiplyAdd(team, thread, a, layer.Output);
        team.Barrier();
    }

    /// <summary>x += Wdown (silu(Wgate n) * Wup n), with n = norm(x).</summary>
    private void FeedForwardBlock(WorkerPool team, int thread, LayerWeights layer)
    {
        Activations n = Normalize(team, thread, layer.FeedForwardNorm, 0, _rows, layer.Gate, layer.Up);
        MultiplySwiGlu(team, thread, n, layer.Gate, layer.Up);
        team.Barrier();
        Activations h = Prepare(team, thread, _s.Gate, _spec.FeedForward, layer.Down);
        MultiplyAdd(team, thread, h, layer.Down);
        team.Barrier();
    }

    /// <summary>logits = Wout norm(x), for the rows that were asked for.</summary>
    private void Logits(WorkerPool team, int thread)
    {
        int rows = _rows - _firstLogitsRow;
        if (rows == 0)
        {
            return;
        }

        Projection output = _weights.Output;
        Activations n = Normalize(team, thread, _weights.OutputNorm, _firstLogitsRow, rows, output);
        while (team.TakeShare(output.Matrix.Panels, out int panel, out int last))
        {
            output.Multiply(n, rows, panel, last, _logits, output.Rows, _s.Matmul(thread));
        }

        team.Barrier();
    }

    /// <summary>norm(x) of some rows, in the forms that the projections read.</summary>
    private Activations Normalize(WorkerPool team, int thread, NativeBuffer weight, int firstRow, int rows, params ReadOnlySpan<Projection> readers)
    {
        float* x = _s.X + ((long)firstRow * _spec.Hidden);
        if (rows == 1)
        {
            float* row = _s.Row(thread);
            _vector.RmsNorm(x, (float*)weight.Pointer, _spec.NormEpsilon, row, _spec.Hidden);
            return PrepareRow(thread, row, _spec.Hidden, readers);
        }

        for (int tile; (tile = team.TakeItems(1)) < Tiles(rows);)
        {
            int last = Math.Min((tile + 1) * _tileTokens, rows);
            for (int row = tile * _tileTokens; row < last; row++)
            {
                long offset = (long)row * _spec.Hidden;
                _vector.RmsNorm(x + offset, (float*)weight.Pointer, _spec.NormEpsilon, _s.Normed + offset, _spec.Hidden);
            }

            FillTile(_s.Normed, _spec.Hidden, rows, tile, readers);
        }

        team.Barrier();
        return new Activations(_s.Int8, _s.Float32);
    }

    /// <summary>All rows of a buffer, in the forms that the projections read.</summary>
    private Activations Prepare(WorkerPool team, int thread, float* x, int columns, params ReadOnlySpan<Projection> readers)
    {
        if (_rows == 1)
        {
            return PrepareRow(thread, x, columns, readers);
        }

        for (int tile; (tile = team.TakeItems(1)) < Tiles(_rows);)
        {
            FillTile(x, columns, _rows, tile, readers);
        }

        team.Barrier();
        return new Activations(_s.Int8, _s.Float32);
    }

    /// <summary>One row, by every thread for itself.</summary>
    private Activations PrepareRow(int thread, float* row, int columns, ReadOnlySpan<Projection> readers)
    {
        byte* int8 = _s.Int8Row(thread);
        if (Reads(readers, ActivationKind.Int8))
        {
            ActivationQuantizer.Fill(ActivationKind.Int8, row, columns, 1, columns, 0, 1, int8, _isa);
        }

        // One row of the Float32 layout is the row itself.
        return new Activations(int8, (byte*)row);
    }

    private void FillTile(float* x, int columns, int rows, int tile, ReadOnlySpan<Projection> readers)
    {
        if (Reads(readers, ActivationKind.Int8))
        {
            ActivationQuantizer.Fill(ActivationKind.Int8, x, columns, rows, columns, tile, tile + 1, _s.Int8, _isa);
        }

        if (Reads(readers, ActivationKind.Float32))
        {
            ActivationQuantizer.Fill(ActivationKind.Float32, x, columns, rows, columns, tile, tile + 1, _s.Float32, _isa);
        }
    }

    /// <summary>Three products of the same input; shares run over the panels of all three.</summary>
    private void Multiply(WorkerPool team, int thread, in Activations x, Projection a, float* ya, Projection b, float* yb, Projection c, float* yc)
    {
        int endA = a.Matrix.Panels;
        int endB = endA + b.Matrix.Panels;
        int endC = endB + c.Matrix.Panels;
        while (team.TakeShare(endC, out int first, out int last))
        {
            MultiplyPart(thread, x, a, ya, first, last, 0);
            MultiplyPart(thread, x, b, yb, first, last, endA);
            MultiplyPart(thread, x, c, yc, first, last, endB);
        }
    }

    /// <summary>The panels of <paramref name="projection"/> in [first, last), counted from <paramref name="start"/>.</summary>
    private void MultiplyPart(int thread, in Activations x, Projection projection, float* y, int first, int last, int start)
    {
        int firstPanel = Math.Max(first - start, 0);
        int lastPanel = Math.Min(last - start, projection.Matrix.Panels);
        if (firstPanel < lastPanel)
        {
            projection.Multiply(x, _rows, firstPanel, lastPanel, y, projection.Rows, _s.Matmul(thread));
        }
    }

    /// <summary>x += W input.</summary>
    private void MultiplyAdd(WorkerPool team, int thread, in Activations input, Projection projection)
    {
        while (team.TakeShare(projection.Matrix.Panels, out int panel, out int last))
        {
            projection.Multiply(input, _rows, panel, last, _s.Delta, _spec.Hidden, _s.Matmul(thread));
            int firstRow = panel * PackedMatrix.PanelRows;
            int width = Math.Min(last * PackedMatrix.PanelRows, projection.Rows) - firstRow;
            for (int row = 0; row < _rows; row++)
            {
                long offset = ((long)row * _spec.Hidden) + firstRow;
                _vector.Add(_s.Delta + offset, _s.X + offset, width);
            }
        }
    }

    /// <summary>gate = silu(Wgate input) * Wup input.</summary>
    private void MultiplySwiGlu(WorkerPool team, int thread, in Activations input, Projection gate, Projection up)
    {
        while (team.TakeShare(gate.Matrix.Panels, out int panel, out int last))
        {
            gate.Multiply(input, _rows, panel, last, _s.Gate, _spec.FeedForward, _s.Matmul(thread));
            up.Multiply(input, _rows, panel, last, _s.Up, _spec.FeedForward, _s.Matmul(thread));
            int firstRow = panel * PackedMatrix.PanelRows;
            int width = Math.Min(last * PackedMatrix.PanelRows, gate.Rows) - firstRow;
            for (int row = 0; row < _rows; row++)
            {
                long offset = ((long)row * _spec.FeedForward) + firstRow;
                _vector.SwiGlu(_s.Gate + offset, _s.Up + offset, _s.Gate + offset, width);
            }
        }
    }

    private int Tiles(int rows) => (rows + _tileTokens - 1) / _tileTokens;

    /// <summary>Asked by the caller's thread alone, so that all threads leave at the same place; one token is over too soon to ask.</summary>
    private bool IsCancelled(WorkerPool team, int thread)
    {
        if (_rows == 1 || !_cancellationToken.CanBeCanceled)
        {
            return false;
        }

        if (thread == 0)
        {
            _cancelled = _cancellationToken.IsCancellationRequested;
        }

        team.Barrier();
        return _cancelled;
    }

    private BatchSlice SliceOf(int row)
    {
        int i = 0;
        while (row >= _slices[i].FirstRow + _slices[i].Rows)
        {
            i++;
        }

        return _slices[i];
    }

    private static bool Reads(ReadOnlySpan<Projection> readers, ActivationKind kind)
    {
        foreach (Projection reader in readers)
        {
            if (reader.Matrix.ActivationKind == kind)
            {
                return true;
            }
        }

        return false;
    }

    private static void Grow<T>(ref T[] target, ReadOnlySpan<T> source)
    {
        if (target.Length < source.Length)
        {
            target = new T[source.Length];
        }

        source.CopyTo(target);
    }
}

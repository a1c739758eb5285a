using System;
using System.Buffers;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using EdgeRuntime.Kernels;
using EdgeRuntime.Memory;
using EdgeRuntime.SideCar;
using EdgeRuntime.Threading;

namespace EdgeRuntime.Transformers;

/// <summary>Where a layer's bias stands when the file also has a scale for it (<c>.scale</c> tensors).</summary>
internal enum BiasOrder
{
    /// <summary>y = scale * W x + bias.</summary>
    AfterScale,

    /// <summary>y = scale * (W x + bias), as llama.cpp's feed-forward blocks.</summary>
    BeforeScale,
}

/// <summary>
/// Collects the matrices of a model, then packs them with all threads. Weights are read piece by piece, so that resident memory stays about
/// one copy of them.
/// </summary>
internal sealed class WeightPacker : ITeamWork
{
    // Enough to hide the system call and the shared counter, few enough to stay in a core's cache and for all threads to finish together.
    private const int BytesAtOnce = 256 << 10;

    private readonly ModelSource _source;
    private readonly InstructionSet _instructionSet;
    private readonly bool _exact;
    private readonly PackedSideCar? _sideCar;
    private readonly WorkerPool _team;
    private readonly IProgress<float>? _progress;
    private readonly CancellationToken _cancellationToken;
    private readonly List<Job> _jobs = [];
    private Job[] _packingOrder = [];
    private readonly List<IDisposable> _owned = [];
    private long _totalBytes;
    private long _packedBytes;
    private volatile bool _cancelled;

    /// <param name="source">The model's file.</param>
    /// <param name="instructionSet">Whose kernels will read the weights.</param>
    /// <param name="exact">Expands every matrix to float32.</param>
    /// <param name="sideCar">Where packed matrices are kept from one start to the next, or null. Not for exact weights.</param>
    /// <param name="team">Threads that pack.</param>
    /// <param name="progress">Told the share of bytes done, or null.</param>
    /// <param name="cancellationToken">Checked between tensors.</param>
    public WeightPacker(
        ModelSource source, InstructionSet instructionSet, bool exact, PackedSideCar? sideCar, WorkerPool team, IProgress<float>? progress,
        CancellationToken cancellationToken)
    {
        _source = source;
        _instructionSet = instructionSet;
        _exact = exact;
        _sideCar = exact ? null : sideCar;
        _team = team;
        _progress = progress;
        _cancellationToken = cancellationToken;
    }

    /// <summary>Plans <c>NAME.weight</c> [rows, columns], with <c>NAME.bias</c> and <c>NAME.scale</c> where the file has them.</summary>
    public Projection Add(string name, int rows, int columns, BiasOrder order = BiasOrder.AfterScale)
    {
        GgufTensor tensor = _source.Matrix($"{name}.weight", rows, columns);
        float scale = _source.OptionalVector($"{name}.scale", 1)?[0] ?? 1;
        float[]? bias = _source.OptionalVector($"{name}.bias", rows);
        if (bias is not null && order == BiasOrder.BeforeScale)
        {
            bias = Array.ConvertAll(bias, value => value * scale);
        }

        var matrix = new PackedMatrix(_exact ? TensorType.F32 : tensor.Type, rows, columns, _instructionSet, allocate: false);
        var projection = new Projection(matrix, scale, bias);
        _jobs.Add(new Job(tensor, projection));
        _totalBytes += tensor.ByteLength;
        _owned.Add(projection);
        return projection;
    }

    /// <summary>Reads a float vector [<paramref name="length"/>] of that name.</summary>
    public unsafe NativeBuffer AddVector(string name, int length)
    {
        float[] values = _source.Vector(name, length);
        var buffer = new NativeBuffer((long)length * sizeof(float));
        values.CopyTo(new Span<float>(buffer.Pointer, length));
        _owned.Add(buffer);
        return buffer;
    }

    /// <summary>Gives every matrix that was added its panels: from the side-car, or packed.</summary>
    /// <returns>What the panels are views of, to be disposed after the matrices.</returns>
    public IDisposable PackAll()
    {
        SideCarMatrix[] matrices = [.. _jobs.Select(static job => new SideCarMatrix(job.Tensor.Name, job.Projection.Matrix))];
        if (_sideCar?.TryMap(matrices, _team, _cancellationToken) is { } mapping)
        {
            _progress?.Report(1);
            return mapping;
        }

        _sideCar?.Prepare(_team, _cancellationToken);
        NativeBuffer memory = AllocatePanels();

        // The largest first: what is left over at the end is small.
        _packingOrder = [.. _jobs.OrderByDescending(static job => job.Tensor.ByteLength)];
        try
        {
            _team.Run(this);
            _cancellationToken.ThrowIfCancellationRequested();
            _sideCar?.Write(matrices, _team, _cancellationToken);
            return memory;
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <summary>Frees everything that was added; for a load that failed.</summary>
    public void DisposeAll()
    {
        foreach (IDisposable owned in _owned)
        {
            owned.Dispose();
        }
    }

    /// <summary>
    /// One block of memory for all matrices: a decoded token reads it from end to end, and in large pages that is markedly faster
    /// (a single matrix is too small to hold many).
    /// </summary>
    private NativeBuffer AllocatePanels()
    {
        long bytes = 0;
        foreach (Job job in _jobs)
        {
            bytes += PlaceBytes(job);
        }

        var memory = new NativeBuffer(bytes);
        memory.PreferLargePages();
        long offset = 0;
        foreach (Job job in _jobs)
        {
            job.Projection.Matrix.Place(memory, offset);
            offset += PlaceBytes(job);
        }

        return memory;

        static long PlaceBytes(Job job) =>
            (job.Projection.Matrix.ByteSize + NativeBuffer.Alignment - 1) / NativeBuffer.Alignment * NativeBuffer.Alignment;
    }

    /// <summary>Takes shares, a few panels each, of all tensors, the largest first; nobody waits for a tensor's last share.</summary>
    void ITeamWork.Run(WorkerPool team, int thread)
    {
        using var rows = new NativeBuffer(_jobs.Max(static item => item.ShareBytes));
        int job = 0;
        int firstShare = 0;
        while (!_cancelled)
        {
            int share = team.TakeItems(1);
            while (job < _packingOrder.Length && share >= firstShare + _packingOrder[job].Shares)
            {
                firstShare += _packingOrder[job].Shares;
                job++;
            }

            if (job == _packingOrder.Length)
            {
                return;
            }

            PackShare(_packingOrder[job], share - firstShare, rows);
        }
    }

    private unsafe void PackShare(Job job, int share, NativeBuffer buffer)
    {
        PackedMatrix matrix = job.Projection.Matrix;
        int firstRow = share * job.ShareRows;
        int rowBytes = (int)job.Tensor.RowBytes;
        var source = new Span<byte>(buffer.Pointer, Math.Min(job.ShareRows, matrix.Rows - firstRow) * rowBytes);
        job.Tensor.ReadRows(firstRow, source);
        for (int panel = firstRow / PackedMatrix.PanelRows; !source.IsEmpty; panel++)
        {
            int rows = Math.Min(PackedMatrix.PanelRows, source.Length / rowBytes);
            PackPanel(job.Tensor, matrix, panel, source[..(rows * rowBytes)], rows);
            source = source[(rows * rowBytes)..];
        }

        if (job.FinishShare())
        {
            long done = Interlocked.Add(ref _packedBytes, job.Tensor.ByteLength);
            _progress?.Report((float)done / _totalBytes);
            _cancelled |= _cancellationToken.IsCancellationRequested;
        }
    }

    private void PackPanel(GgufTensor tensor, PackedMatrix matrix, int panel, ReadOnlySpan<byte> rows, int rowCount)
    {
        try
        {
            PackRows(tensor, matrix, panel, rows, rowCount);
        }
        catch (NonFiniteWeightException exception)
        {
            throw new ModelFormatException(_source.Path, tensor.FileOffset, $"tensor '{tensor.Name}': {exception.Message}");
        }
    }

    private void PackRows(GgufTensor tensor, PackedMatrix matrix, int panel, ReadOnlySpan<byte> rows, int rowCount)
    {
        if (!_exact || tensor.Type == TensorType.F32)
        {
            matrix.PackPanel(panel, rows);
            return;
        }

        float[] expanded = ArrayPool<float>.Shared.Rent(rowCount * matrix.Columns);
        Span<float> values = expanded.AsSpan(0, rowCount * matrix.Columns);
        TensorFormats.Get(tensor.Type).Dequantize(rows, values);
        matrix.PackPanel(panel, System.Runtime.InteropServices.MemoryMarshal.AsBytes(values));
        ArrayPool<float>.Shared.Return(expanded);
    }

    /// <summary>A matrix to pack, and how much of it is done.</summary>
    private sealed class Job(GgufTensor tensor, Projection projection)
    {
        private int _finished;

        public GgufTensor Tensor { get; } = tensor;

        public Projection Projection { get; } = projection;

        /// <summary>Whole panels, as many as are read at once.</summary>
        public int ShareRows { get; } = PackedMatrix.PanelRows * (int)Math.Max(1, BytesAtOnce / (PackedMatrix.PanelRows * tensor.RowBytes));

        public long ShareBytes => Math.Min(ShareRows, Projection.Matrix.Rows) * Tensor.RowBytes;

        public int Shares => (Projection.Matrix.Rows + ShareRows - 1) / ShareRows;

        /// <summary>Counts a share; true for the last one.</summary>
        public bool FinishShare() => Interlocked.Increment(ref _finished) == Shares;
    }
}

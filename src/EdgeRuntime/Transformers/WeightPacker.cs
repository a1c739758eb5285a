using System;
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

/// <summary>Collects the matrices of a model, then gives them their panels: from the side-car, packed, or to be packed when they are used.</summary>
internal sealed class WeightPacker
{
    private readonly ModelSource _source;
    private readonly InstructionSet _instructionSet;
    private readonly bool _exact;
    private readonly PackedSideCar? _sideCar;
    private readonly WorkerPool _team;
    private readonly IProgress<float>? _progress;
    private readonly CancellationToken _cancellationToken;
    private readonly List<Projection> _projections = [];
    private readonly List<NativeBuffer> _vectors = [];

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

    /// <summary>
    /// Matrices of at least so many bytes of file in all are left to be packed when they are used, unless the side-car is to have them, they
    /// are exact, or memory does not hold file and panels, which then would have to be read from the disk twice. Null: never.
    /// </summary>
    public long? QuickStartBytes { get; init; }

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
        var projection = new Projection(matrix, scale, bias) { Unpacked = new UnpackedMatrix(tensor, matrix, _source.Path) };
        _projections.Add(projection);
        return projection;
    }

    /// <summary>Reads a float vector [<paramref name="length"/>] of that name.</summary>
    public unsafe NativeBuffer AddVector(string name, int length)
    {
        float[] values = _source.Vector(name, length);
        var buffer = new NativeBuffer((long)length * sizeof(float));
        values.CopyTo(new Span<float>(buffer.Pointer, length));
        _vectors.Add(buffer);
        return buffer;
    }

    /// <summary>Gives every matrix that was added its panels, or a place for them and leave to be packed later.</summary>
    /// <returns>What the panels are views of, to be disposed after the matrices.</returns>
    public IDisposable PackAll()
    {
        SideCarMatrix[] matrices = [.. _projections.Select(static projection => new SideCarMatrix(projection.Unpacked!.Tensor.Name, projection.Matrix))];
        if (_sideCar?.TryMap(matrices, _team, _cancellationToken) is { } mapping)
        {
            _projections.ForEach(static projection => projection.Unpacked = null);
            _progress?.Report(1);
            return mapping;
        }

        _sideCar?.Prepare(_team, _cancellationToken);
        NativeBuffer memory = AllocatePanels();
        try
        {
            if (PacksWhenUsed())
            {
                _progress?.Report(1);
                return memory;
            }

            PackingWork.Run(_team, _projections, _progress, _cancellationToken);
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
        _projections.ForEach(static projection => projection.Dispose());
        _vectors.ForEach(static vector => vector.Dispose());
    }

    private bool PacksWhenUsed()
    {
        long bytes = _projections.Sum(static projection => projection.Unpacked!.Tensor.ByteLength);
        return bytes >= QuickStartBytes && _sideCar is null && !_exact && 2 * bytes <= GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
    }

    /// <summary>
    /// One block of memory for all matrices: a decoded token reads it from end to end, and in large pages that is markedly faster
    /// (a single matrix is too small to hold many).
    /// </summary>
    private NativeBuffer AllocatePanels()
    {
        var memory = new NativeBuffer(_projections.Sum(static projection => projection.Matrix.ByteSize));
        memory.PreferLargePages();
        long offset = 0;
        foreach (Projection projection in _projections)
        {
            projection.Matrix.Place(memory, offset);
            offset += projection.Matrix.ByteSize; // a multiple of 64, as panels are
        }

        return memory;
    }
}

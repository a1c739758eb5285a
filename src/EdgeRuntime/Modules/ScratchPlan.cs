using System;
using EdgeRuntime.Kernels;
using EdgeRuntime.Kernels.Panels;
using EdgeRuntime.Memory;
using EdgeRuntime.State;

namespace EdgeRuntime.Modules;

/// <summary>What a batch is like, as far as scratch depends on it.</summary>
/// <param name="Rows">Most rows.</param>
/// <param name="Sequences">Most sequences.</param>
/// <param name="Positions">Most positions of a sequence.</param>
/// <param name="Types">Number formats of cached keys and values.</param>
internal readonly record struct BatchSize(int Rows, int Sequences, int Positions, KvTypes Types)
{
    /// <summary>A size for batches of this and of another, whose cache types it takes.</summary>
    public BatchSize With(BatchSize other) => other with
    {
        Rows = Math.Max(Rows, other.Rows),
        Sequences = Math.Max(Sequences, other.Sequences),
        Positions = Math.Max(Positions, other.Positions),
    };
}

/// <summary>
/// Offsets of the buffers that a batch of up to <see cref="Rows"/> rows needs. The residual stream lies at the start; the buffers of a
/// stage
/// share their memory with those of every other stage, since stages run one after the other.
/// </summary>
internal sealed class ScratchPlan
{
    private readonly long _stageStart;
    private long _next;
    private int _widest;
    private long _activationBytes;

    /// <param name="isa">Whose kernels run.</param>
    /// <param name="size">Of the batches.</param>
    /// <param name="hidden">Width of the residual stream.</param>
    /// <param name="rotationFloats">Floats of a row's cosines and sines, of all ropes together.</param>
    public ScratchPlan(InstructionSet isa, BatchSize size, int hidden, int rotationFloats)
    {
        Isa = isa;
        Size = size;
        Hidden = hidden;
        X = Floats(hidden);
        Delta = Floats(hidden);
        Rotations = Floats(rotationFloats);
        _stageStart = _next;
        Normed = Floats(hidden);
        UseActivations(hidden, Rows);
    }

    /// <summary>Whose kernels run.</summary>
    public InstructionSet Isa { get; }

    /// <summary>Tokens of a full tile of activations.</summary>
    public int TileTokens => ActivationQuantizer.TileTokens(Isa);

    /// <summary>What batches the plan is for.</summary>
    public BatchSize Size { get; }

    /// <summary>Most rows of a batch.</summary>
    public int Rows => Size.Rows;

    /// <summary>Width of the residual stream.</summary>
    public int Hidden { get; }

    /// <summary>[rows, hidden]: the residual stream.</summary>
    public long X { get; }

    /// <summary>[rows, hidden]: what a projection adds to the residual stream.</summary>
    public long Delta { get; }

    /// <summary>[rows, rotation floats].</summary>
    public long Rotations { get; }

    /// <summary>[rows, hidden]: a stage's input after its norm. Overlaps the stage's own buffers unless these begin with
    /// <see cref="KeepInput"/>.</summary>
    public long Normed { get; }

    /// <summary>Bytes of all buffers, without the tiles of activations.</summary>
    public long TotalBytes { get; private set; }

    /// <summary>Bytes of the largest tensor of activations, in tiles of either form.</summary>
    public long ActivationBytes => NativeBuffer.Align(_activationBytes);

    /// <summary>Columns of the widest tensor of activations.</summary>
    public int Widest => _widest;

    /// <summary>Bytes that a thread needs for its kernels, besides those of matrices.</summary>
    public long ThreadBytes { get; private set; }

    /// <summary>Begins the buffers of a stage.</summary>
    public void BeginStage() => _next = _stageStart;

    /// <summary>Places the buffers that follow behind the stage's normed input, for a branch that reads its rows more than once.</summary>
    public void KeepInput() => _next = Math.Max(_next, Normed + NativeBuffer.Align((long)Hidden * Rows * sizeof(float)));

    /// <summary>A buffer of [rows, width] floats.</summary>
    /// <returns>Its offset, for <see cref="PassThread.Floats"/>.</returns>
    public long Floats(long width) => Bytes(width * Rows * sizeof(float));

    /// <summary>A buffer of so many bytes in all.</summary>
    /// <returns>Its offset.</returns>
    public long Bytes(long count)
    {
        long offset = _next;
        _next = checked(_next + NativeBuffer.Align(count));
        TotalBytes = Math.Max(TotalBytes, _next);
        return offset;
    }

    /// <summary>Says that the stage brings [<paramref name="rows"/>, <paramref name="columns"/>] into tiles.</summary>
    public void UseActivations(int columns, int rows)
    {
        _widest = Math.Max(_widest, columns);
        _activationBytes = Math.Max(_activationBytes, Math.Max(
            ActivationLayout.ByteSize(ActivationKind.Float32, columns, rows),
            ActivationLayout.ByteSize(ActivationKind.Int8, columns, rows)));
    }

    /// <summary>Says that a thread needs so many bytes for the stage's kernels.</summary>
    public void UseThread(long bytes) => ThreadBytes = Math.Max(ThreadBytes, bytes);
}

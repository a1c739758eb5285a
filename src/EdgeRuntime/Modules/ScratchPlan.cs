using System;
using System.Collections.Generic;
using EdgeRuntime.Kernels;
using EdgeRuntime.Kernels.Panels;
using EdgeRuntime.Memory;
using EdgeRuntime.State;

namespace EdgeRuntime.Modules;

/// <summary>The properties of a batch that its scratch depends on.</summary>
/// <param name="Rows">The largest number of rows.</param>
/// <param name="Sequences">The largest number of sequences.</param>
/// <param name="Positions">The largest number of positions of a sequence.</param>
/// <param name="Types">The number formats of cached keys and values.</param>
internal readonly record struct BatchSize(int Rows, int Sequences, int Positions, KvTypes Types)
{
    /// <summary>Combines this size with another one, and takes the cache types from the other.</summary>
    public BatchSize With(BatchSize other) => other with
    {
        Rows = Math.Max(Rows, other.Rows),
        Sequences = Math.Max(Sequences, other.Sequences),
        Positions = Math.Max(Positions, other.Positions),
    };
}

/// <summary>
/// Plans the offsets of the buffers for a batch of up to <see cref="Rows"/> rows. The residual stream is at the start. Stages run one after
/// the other, so the buffers of all stages share the same memory.
/// </summary>
internal sealed class ScratchPlan
{
    private readonly long _stageStart;
    private readonly Dictionary<object, long> _carried = [];
    private long _next;
    private int _widest;
    private long _activationBytes;

    /// <param name="isa">The instruction set of the kernels.</param>
    /// <param name="size">The size of the batches.</param>
    /// <param name="hidden">The width of the residual stream.</param>
    /// <param name="rotationFloats">The number of floats of a row's cosines and sines for all ropes.</param>
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

    /// <summary>Gets the instruction set of the kernels.</summary>
    public InstructionSet Isa { get; }

    /// <summary>Gets the number of tokens of a full tile of activations.</summary>
    public int TileTokens => Isa.Kernels.TileTokens;

    /// <summary>Gets the batch size of the plan.</summary>
    public BatchSize Size { get; }

    /// <summary>Gets the largest number of rows of a batch.</summary>
    public int Rows => Size.Rows;

    /// <summary>Gets the width of the residual stream.</summary>
    public int Hidden { get; }

    /// <summary>Gets the offset of the residual stream, [rows, hidden].</summary>
    public long X { get; }

    /// <summary>Gets the offset of the buffer for addends of the residual stream, [rows, hidden].</summary>
    public long Delta { get; }

    /// <summary>Gets the offset of the cosines and sines, [rows, rotation floats].</summary>
    public long Rotations { get; }

    /// <summary>
    /// Gets the offset of a stage's input after its norm, [rows, hidden]. It overlaps the buffers of the stage unless the stage calls
    /// <see cref="KeepInput"/> first.
    /// </summary>
    public long Normed { get; }

    /// <summary>Gets the number of bytes of all buffers, without the tiles of activations.</summary>
    public long TotalBytes { get; private set; }

    /// <summary>Gets the number of bytes of the buffers that outlive their stages.</summary>
    public long CarriedBytes { get; private set; }

    /// <summary>Gets the number of bytes of the largest tensor of activations, in tiles of either form.</summary>
    public long ActivationBytes => NativeBuffer.Align(_activationBytes);

    /// <summary>Gets the number of columns of the widest tensor of activations.</summary>
    public int Widest => _widest;

    /// <summary>Gets the number of bytes that a thread needs for its kernels, without matrix products.</summary>
    public long ThreadBytes { get; private set; }

    /// <summary>Starts the buffers of a stage.</summary>
    public void BeginStage() => _next = _stageStart;

    /// <summary>Places the following buffers after the stage's normed input, for a branch that reads its rows more than once.</summary>
    public void KeepInput() => _next = Math.Max(_next, Normed + NativeBuffer.Align((long)Hidden * Rows * sizeof(float)));

    /// <summary>Adds a buffer of [rows, width] floats.</summary>
    /// <returns>Its offset, for <see cref="PassThread.Floats"/>.</returns>
    public long Floats(long width) => Bytes(width * Rows * sizeof(float));

    /// <summary>Adds a buffer of [rows, width] floats that outlives the stage. Stages that name the same owner share it.</summary>
    /// <returns>Its offset, for <see cref="PassThread.Carried"/>.</returns>
    public long CarriedFloats(object owner, long width)
    {
        if (!_carried.TryGetValue(owner, out long offset))
        {
            offset = CarriedBytes;
            CarriedBytes = checked(CarriedBytes + NativeBuffer.Align(width * Rows * sizeof(float)));
            _carried.Add(owner, offset);
        }

        return offset;
    }

    /// <summary>Adds a buffer of a number of bytes.</summary>
    /// <returns>Its offset.</returns>
    public long Bytes(long count)
    {
        long offset = _next;
        _next = checked(_next + NativeBuffer.Align(count));
        TotalBytes = Math.Max(TotalBytes, _next);
        return offset;
    }

    /// <summary>Declares that the stage converts [<paramref name="rows"/>, <paramref name="columns"/>] activations to tiles.</summary>
    public void UseActivations(int columns, int rows)
    {
        _widest = Math.Max(_widest, columns);
        _activationBytes = Math.Max(_activationBytes, Math.Max(
            ActivationLayout.ByteSize(ActivationKind.Float32, columns, rows),
            ActivationLayout.ByteSize(ActivationKind.Int8, columns, rows)));
    }

    /// <summary>Declares the number of bytes that a thread needs for the kernels of the stage.</summary>
    public void UseThread(long bytes) => ThreadBytes = Math.Max(ThreadBytes, bytes);
}

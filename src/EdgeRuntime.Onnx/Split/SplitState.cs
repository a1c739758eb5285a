using System;
using System.IO;
using System.Threading;
using EdgeRuntime.Engine;
using EdgeRuntime.Onnx.Runtime;
using EdgeRuntime.State;

namespace EdgeRuntime.Onnx.Split;

/// <summary>
/// A sequence on two engines. One of them has all positions, the other perhaps only the first ones: the processor lacks those of a prompt
/// until it needs them, and the device those of an answer until the next long prompt, with which it computes them again. Owns both states.
/// </summary>
internal sealed class SplitState : IEngineState
{
    private readonly Lock _passes;
    private readonly int[] _tokens;
    private bool _knowsTokens = true; // all of them; not after reading a saved state
    private bool _isDisposed;

    /// <param name="owner">The engine.</param>
    /// <param name="processor">The state on the processor; owned from now on.</param>
    /// <param name="device">The state on the device; owned from now on.</param>
    /// <param name="passes">Held by a pass.</param>
    public SplitState(SplitEngine owner, SequenceState processor, OnnxState device, Lock passes)
    {
        (Owner, Processor, Device, _passes) = (owner, processor, device, passes);
        _tokens = new int[processor.Capacity];
    }

    /// <summary>Gets the engine that created the state.</summary>
    public SplitEngine Owner { get; }

    /// <summary>Gets the state on the processor.</summary>
    public SequenceState Processor { get; }

    /// <summary>Gets the state on the device.</summary>
    public OnnxState Device { get; }

    /// <inheritdoc/>
    public int Capacity => Processor.Capacity;

    /// <inheritdoc/>
    public int Length { get; private set; }

    /// <inheritdoc/>
    public long ByteSize => Processor.ByteSize + Device.ByteSize;

    /// <inheritdoc/>
    public StateAbilities Abilities => Processor.Abilities;

    /// <inheritdoc/>
    public int NearestLength(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)Length, nameof(length));
        return Math.Max(Math.Min(length, Device.Length), Processor.NearestLength(Math.Min(length, Processor.Length)));
    }

    /// <inheritdoc/>
    public void Truncate(int length)
    {
        this.RequireReachable(length);

        Device.Truncate(Math.Min(length, Device.Length));
        Processor.Truncate(Processor.NearestLength(Math.Min(length, Processor.Length)));
        Length = length;
        _knowsTokens |= length == 0;
    }

    /// <inheritdoc/>
    public void TakeSnapshot()
    {
        // Neither engine has recurrent state.
    }

    /// <inheritdoc/>
    public void Shift(int keep, int count)
    {
        lock (_passes)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            Synchronize();
            Processor.Shift(keep, count);
            Device.Truncate(Math.Min(keep, Device.Length));
            _tokens.AsSpan((keep + count)..Length).CopyTo(_tokens.AsSpan(keep));
            Length -= count;
        }
    }

    /// <inheritdoc/>
    public void CopyFrom(IEngineState source, int length)
    {
        if (source is not SplitState other || other == this || other.Owner != Owner)
        {
            throw new ArgumentException("expected another state of the same engine", nameof(source));
        }

        lock (_passes)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            ObjectDisposedException.ThrowIf(other._isDisposed, other);
            other.Synchronize();
            Processor.CopyFrom(other.Processor, length);
            Device.Truncate(0);
            if ((Device.Abilities & StateAbilities.Copy) != 0)
            {
                Device.CopyFrom(other.Device, Math.Min(length, other.Device.Length));
            }

            other._tokens.AsSpan(0, length).CopyTo(_tokens);
            (Length, _knowsTokens) = (length, other._knowsTokens || length == 0);
        }
    }

    /// <inheritdoc/>
    public void Save(Stream destination)
    {
        lock (_passes)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            Synchronize();
            Processor.Save(destination);
        }
    }

    /// <inheritdoc/>
    public void Load(Stream source)
    {
        lock (_passes)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            Truncate(0);
            Processor.Load(source);
            Length = Processor.Length;
            _knowsTokens = Length == 0;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_passes)
        {
            _isDisposed = true;
            Processor.Dispose();
            Device.Dispose();
        }
    }

    /// <summary>
    /// Gets whether the device computes a slice: a long one that has no fewer tokens than the device has to compute again before it.
    /// </summary>
    internal bool UsesDevice(in BatchSlice slice)
    {
        int behind = Length - DeviceStart;
        return slice.Tokens.Length >= Owner.FewestTokens && (slice.Kind == OutputKind.Logits || slice.OutputRows == 0)
            && behind <= slice.Tokens.Length && (behind == 0 || _knowsTokens) && slice.Tokens.Length <= Capacity - Length;
    }

    /// <summary>Computes a slice on the device. The length stays as it is.</summary>
    internal void RunOnDevice(in BatchSlice slice, CancellationToken cancellationToken)
    {
        int start = DeviceStart;
        if (start < Device.Length)
        {
            Synchronize(); // before the device forgets what only it has
            Device.Truncate(start);
        }

        slice.Tokens.Span.CopyTo(_tokens.AsSpan(Length));
        Memory<int> tokens = _tokens.AsMemory(start, Length - start + slice.Tokens.Length);
        Owner.Device.Run([slice with { State = Device, Tokens = tokens, Kind = OutputKind.Logits }], cancellationToken);
    }

    /// <summary>Takes back what the device has computed in a pass that failed.</summary>
    internal void Undo() => Device.Truncate(Math.Min(Length, Device.Length));

    /// <summary>Brings the processor the positions that only the device has.</summary>
    /// <exception cref="OnnxDeviceException">The cache of the device can't be read.</exception>
    internal void Synchronize()
    {
        if (Processor.Length < Length)
        {
            Device.Read(reader => Processor.Append(Length, reader));
        }
    }

    /// <summary>Counts the tokens of a slice that was computed.</summary>
    internal void Advance(ReadOnlySpan<int> tokens)
    {
        tokens.CopyTo(_tokens.AsSpan(Length));
        Length += tokens.Length;
    }

    /// <summary>Gets the position from which the device would compute.</summary>
    private int DeviceStart => Length == 0 || Owner.AppendsPrompts ? Device.Length : 0;
}

using System;
using System.Linq;
using System.Runtime.InteropServices;
using EdgeRuntime.Engine;
using EdgeRuntime.Formats;
using EdgeRuntime.Memory;

namespace EdgeRuntime.State;

/// <summary>
/// The state of one sequence on the CPU engine: KV caches, recurrent state and the rotations of its positions. Owns its memory. For one
/// caller at a time.
/// </summary>
internal sealed unsafe class SequenceState : IEngineState
{
    private readonly StatePlan _plan;
    private readonly KvCache[] _caches;
    private readonly RopeTable[] _ropes;
    private readonly Action _released;
    private NativeBuffer _recurrent;
    private NativeBuffer _nextRecurrent;
    private NativeBuffer? _snapshot;
    private int _snapshotLength;
    private bool _disposed;

    /// <param name="plan">What the modules keep.</param>
    /// <param name="options">Capacity and number formats.</param>
    /// <param name="owner">The engine that creates it.</param>
    /// <param name="released">Called once, when the state is disposed.</param>
    public SequenceState(StatePlan plan, EngineStateOptions options, IEngine owner, Action released)
    {
        _plan = plan;
        _released = released;
        Owner = owner;
        Capacity = options.Capacity;
        KeyType = KvCache.TensorTypeOf(options.KeyType);
        ValueType = KvCache.TensorTypeOf(options.ValueType);
        _ropes = [.. plan.Rotations.Select(rotation => new RopeTable(rotation.Rope, options.Capacity))];
        _recurrent = new NativeBuffer(plan.RecurrentFloats * sizeof(float));
        _nextRecurrent = new NativeBuffer(plan.RecurrentFloats * sizeof(float));
        _caches = [.. plan.Caches.Select(cache => KvCache.Create(cache, options))];
    }

    /// <summary>The engine that created the state.</summary>
    public IEngine Owner { get; }

    /// <inheritdoc/>
    public int Capacity { get; }

    /// <inheritdoc/>
    public int Length { get; private set; }

    /// <inheritdoc/>
    public long ByteSize => _caches.Sum(static cache => cache.ByteSize) + _recurrent.ByteLength + _nextRecurrent.ByteLength;

    /// <inheritdoc/>
    public StateAbilities Abilities => _plan.Abilities;

    /// <summary>Floats of a row's cosines and sines of all ropes.</summary>
    public int RotationFloats => _plan.RotationFloats;

    private bool HasRecurrent => _plan.RecurrentFloats > 0;

    /// <summary>Type of cached keys.</summary>
    public TensorType KeyType { get; }

    /// <summary>Type of cached values.</summary>
    public TensorType ValueType { get; }

    /// <summary>A cache.</summary>
    public KvCache Cache(int index) => _caches[index];

    /// <summary>A module's recurrent state as of <see cref="Length"/>, [Count]; read only.</summary>
    public float* Recurrent(RecurrentSlot slot) => (float*)_recurrent.Pointer + slot.Offset;

    /// <summary>Where a pass writes a module's state after its rows, [Count]; it counts once <see cref="Advance"/> says so.</summary>
    public float* NextRecurrent(RecurrentSlot slot) => (float*)_nextRecurrent.Pointer + slot.Offset;

    /// <summary>Cosines and sines of a position, rope after rope.</summary>
    /// <param name="position">Position in the sequence.</param>
    /// <param name="target">[RotationFloats].</param>
    public void FillRotations(int position, float* target)
    {
        foreach (RopeTable rope in _ropes)
        {
            rope.Fill(position, new Span<float>(target, rope.Pairs), new Span<float>(target + rope.Pairs, rope.Pairs));
            target += 2 * rope.Pairs;
        }
    }

    /// <summary>Counts positions that every module has computed.</summary>
    public void Advance(int positions)
    {
        foreach (KvCache cache in _caches)
        {
            cache.Advance(positions);
        }

        (_recurrent, _nextRecurrent) = (_nextRecurrent, _recurrent);
        Length += positions;
    }

    /// <inheritdoc/>
    public int Truncate(int length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)Length, nameof(length));
        if (length == Length)
        {
            return length;
        }

        length = HasRecurrent ? RestoreRecurrent(length) : length;
        foreach (KvCache cache in _caches)
        {
            cache.Truncate(length);
        }

        return Length = length;
    }

    /// <inheritdoc/>
    public void TakeSnapshot()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (HasRecurrent)
        {
            _snapshot ??= new NativeBuffer(_recurrent.ByteLength);
            Buffer.MemoryCopy(_recurrent.Pointer, _snapshot.Pointer, _snapshot.ByteLength, _recurrent.ByteLength);
            _snapshotLength = Length;
        }
    }

    /// <inheritdoc/>
    public void Shift(int keep, int count)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if ((Abilities & StateAbilities.Shift) == 0)
        {
            throw new NotSupportedException("the state of this model can't drop positions from its middle; start the sequence anew");
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)keep, (uint)Length, nameof(keep));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(Length - keep), nameof(count));
        float[] cos = new float[_ropes[0].Pairs];
        float[] sin = new float[_ropes[0].Pairs];
        _ropes[0].FillDelta(-count, cos, sin);
        _caches[0].Shift(keep, count, cos, sin, _plan.Rotations[0].Rope.Pairing);
        Length -= count;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            foreach (KvCache cache in _caches)
            {
                cache.Dispose();
            }

            _recurrent.Dispose();
            _nextRecurrent.Dispose();
            _snapshot?.Dispose();
            _released();
        }
    }

    /// <summary>Returns to the snapshot where it is not behind <paramref name="length"/>, else to the start.</summary>
    private int RestoreRecurrent(int length)
    {
        if (_snapshot is not null && _snapshotLength <= length)
        {
            Buffer.MemoryCopy(_snapshot.Pointer, _recurrent.Pointer, _recurrent.ByteLength, _snapshot.ByteLength);
            return _snapshotLength;
        }

        NativeMemory.Clear(_recurrent.Pointer, (nuint)_recurrent.ByteLength);
        _snapshotLength = 0;
        return 0;
    }
}

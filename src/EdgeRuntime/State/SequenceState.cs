using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using EdgeRuntime.Engine;
using EdgeRuntime.Memory;

namespace EdgeRuntime.State;

/// <summary>
/// The state of one sequence on the CPU engine: its KV cache, its recurrent state and the rotations of its positions. Owns its memory. For
/// one caller at a time.
/// </summary>
/// <remarks>
/// A pass calls <see cref="Reserve"/>, its modules store and compute, and it calls <see cref="Advance"/>. New recurrent state is written
/// beside the present one, so that a failed pass changes nothing.
/// </remarks>
internal sealed unsafe partial class SequenceState : IEngineState
{
    private readonly StatePlan _plan;
    private readonly KvCache? _cache;
    private readonly RopeTable[] _ropes;
    private readonly Action _released;
    private NativeBuffer _recurrent;
    private NativeBuffer _nextRecurrent;
    private NativeBuffer? _snapshot;
    private int _snapshotLength;
    private AdapterScale[] _adapters = [];
    private bool _disposed;

    /// <param name="plan">The state that the modules keep.</param>
    /// <param name="options">The capacity and the number formats.</param>
    /// <param name="owner">The engine that creates it.</param>
    /// <param name="released">Called once, when the state is disposed.</param>
    public SequenceState(StatePlan plan, EngineStateOptions options, IEngine owner, Action released)
    {
        _plan = plan;
        _released = released;
        Owner = owner;
        Capacity = options.Capacity;
        BatchTokens = options.BatchTokens;
        Types = new KvTypes(options.KeyType, options.ValueType);
        _ropes = [.. plan.Rotations.Select(rotation => new RopeTable(rotation.Rope, options.Capacity))];
        _recurrent = new NativeBuffer(plan.RecurrentFloats * sizeof(float));
        _nextRecurrent = new NativeBuffer(plan.RecurrentFloats * sizeof(float));
        _cache = plan.Layers.Count == 0 ? null : new KvCache(plan.Geometries(options), options.Capacity, options.BatchTokens);
    }

    /// <summary>Gets the engine that created the state.</summary>
    public IEngine Owner { get; }

    /// <inheritdoc/>
    public int Capacity { get; }

    /// <summary>Gets the greatest number of tokens that a pass may append.</summary>
    public int BatchTokens { get; }

    /// <inheritdoc/>
    public int Length { get; private set; }

    /// <inheritdoc/>
    public long ByteSize => (_cache?.ByteSize ?? 0) + _recurrent.ByteLength + _nextRecurrent.ByteLength;

    /// <inheritdoc/>
    public StateAbilities Abilities => _plan.Abilities;

    /// <inheritdoc/>
    public IReadOnlyList<AdapterScale> Adapters => _adapters;

    /// <summary>Gets whether the sequence is computed with adapters.</summary>
    public bool UsesAdapters => _adapters.Length > 0;

    /// <summary>Gets whether the state is disposed.</summary>
    public bool IsDisposed => _disposed;

    /// <summary>Gets the number formats of cached keys and values.</summary>
    public KvTypes Types { get; }

    /// <summary>Gets the number of a row's cosines and sines of all ropes.</summary>
    public int RotationFloats => _plan.RotationFloats;

    /// <summary>Gets the keys and values. Only for modules that have declared some.</summary>
    public KvCache Cache => _cache!;

    private bool HasRecurrent => _plan.RecurrentFloats > 0;

    /// <summary>Returns a module's recurrent state at <see cref="Length"/>, [Count]; read only.</summary>
    public float* Recurrent(RecurrentSlot slot) => (float*)_recurrent.Pointer + slot.Offset;

    /// <summary>
    /// Returns the place of a module's recurrent state after the pass, [Count]. <see cref="Advance"/> makes it the present one.
    /// </summary>
    public float* NextRecurrent(RecurrentSlot slot) => (float*)_nextRecurrent.Pointer + slot.Offset;

    /// <summary>Computes the cosines and sines of a position, rope by rope.</summary>
    /// <param name="position">The position in the sequence.</param>
    /// <param name="target">[RotationFloats].</param>
    public void FillRotations(int position, float* target)
    {
        foreach (RopeTable rope in _ropes)
        {
            rope.Fill(position, new Span<float>(target, rope.Pairs), new Span<float>(target + rope.Pairs, rope.Pairs));
            target += 2 * rope.Pairs;
        }
    }

    /// <summary>Makes room for the positions of a pass.</summary>
    public void Reserve(int positions) => _cache?.Reserve(positions);

    /// <summary>Appends the positions that every module has computed.</summary>
    public void Advance(int positions)
    {
        _cache?.Advance(positions);
        (_recurrent, _nextRecurrent) = (_nextRecurrent, _recurrent);
        Length += positions;
    }

    /// <inheritdoc/>
    public int NearestLength(int length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)Length, nameof(length));
        if (_plan.TakesWholePasses)
        {
            return length == Length ? length : 0;
        }

        int nearest = !HasRecurrent || length == Length ? length : _snapshotLength <= length ? _snapshotLength : 0;
        return _cache is null || _cache.CanTruncate(nearest) ? nearest : 0;
    }

    /// <inheritdoc/>
    public void Truncate(int length)
    {
        this.RequireReachable(length);

        if (HasRecurrent && length < Length)
        {
            RestoreRecurrent(length);
        }

        _cache?.Truncate(length);
        Length = length;
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
    public void UseAdapters(ReadOnlySpan<AdapterScale> adapters)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (Length > 0)
        {
            throw new InvalidOperationException(FormattableString.Invariant(
                $"the state holds {Length} positions that were computed with other adapters; truncate it to 0 first"));
        }

        for (int i = 0; i < adapters.Length; i++)
        {
            LoraAdapter adapter = adapters[i].Adapter;
            if (adapter.Engine != Owner)
            {
                throw new ArgumentException(
                    $"another engine has loaded {adapter.Path}; load it into the engine of the state", nameof(adapters));
            }

            if (ScaleOf(adapter, adapters[..i]) is not null)
            {
                throw new ArgumentException($"{adapter.Path} is there twice; give it one scale", nameof(adapters));
            }
        }

        _adapters = adapters.ToArray();
    }

    /// <summary>Gets the factor of an adapter; 0 where the sequence does not use it.</summary>
    public float ScaleOf(LoraAdapter adapter) => ScaleOf(adapter, _adapters) ?? 0;

    /// <inheritdoc/>
    public void Shift(int keep, int count)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if ((Abilities & StateAbilities.Shift) == 0)
        {
            throw new NotSupportedException("the state of this model can't drop positions from its middle; start a new sequence");
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)keep, (uint)Length, nameof(keep));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(Length - keep), nameof(count));
        Cache.Shift(keep, count, Turns(-count));
        Length -= count;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _cache?.Dispose();
            _recurrent.Dispose();
            _nextRecurrent.Dispose();
            _snapshot?.Dispose();
            _released();
        }
    }

    private static float? ScaleOf(LoraAdapter adapter, ReadOnlySpan<AdapterScale> adapters)
    {
        foreach (AdapterScale each in adapters)
        {
            if (ReferenceEquals(each.Adapter, adapter))
            {
                return each.Scale;
            }
        }

        return null;
    }

    /// <summary>Returns to the snapshot, or for length 0 to the start.</summary>
    private void RestoreRecurrent(int length)
    {
        if (length > 0)
        {
            Buffer.MemoryCopy(_snapshot!.Pointer, _recurrent.Pointer, _recurrent.ByteLength, _snapshot.ByteLength);
            return;
        }

        NativeMemory.Clear(_recurrent.Pointer, (nuint)_recurrent.ByteLength);
        _snapshotLength = 0;
    }

    /// <summary>Returns the rotation of each layer's keys that move by some positions.</summary>
    private KvTurn[] Turns(int delta)
    {
        KvTurn[] ropes = [.. _ropes.Zip(_plan.Rotations, (table, rotation) =>
        {
            float[] cos = new float[table.Pairs];
            float[] sin = new float[table.Pairs];
            table.FillDelta(delta, cos, sin);
            return new KvTurn(cos, sin, rotation.Rope.Pairing);
        })];
        return [.. _plan.Layers.Select(layer => ropes[layer.Rotation!.Index] with { First = layer.FirstRotated })];
    }
}

using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Engine;

namespace EdgeRuntime.State;

/// <summary>The keys and values that a layer keeps for each position, whatever their number format.</summary>
/// <param name="KvHeads">KV heads.</param>
/// <param name="KeyLength">Elements of a head's key.</param>
/// <param name="ValueLength">Elements of a head's value.</param>
/// <param name="Window">Positions that a query looks back, its own included; 0 for all.</param>
/// <param name="Rotation">By which the keys are turned, or null.</param>
/// <param name="FirstRotated">First element of a key that is turned.</param>
internal sealed record KvLayer(int KvHeads, int KeyLength, int ValueLength, int Window, Rotation? Rotation, int FirstRotated = 0);

/// <summary>Where a module's recurrent state is in that of a sequence.</summary>
/// <param name="Offset">First float.</param>
/// <param name="Count">Floats.</param>
internal readonly record struct RecurrentSlot(long Offset, int Count);

/// <summary>A rope of the model, and where its cosines and sines are among those of a row.</summary>
/// <param name="Rope">The rope.</param>
/// <param name="Index">Number of the rope.</param>
/// <param name="Offset">First float: cosines, then sines.</param>
internal sealed record Rotation(RopeSpec Rope, int Index, int Offset)
{
    /// <summary>Pairs of elements that turn.</summary>
    public int Pairs => Rope.Dimensions / 2;
}

/// <summary>
/// What the modules of a model keep for each sequence, declared by them one after the other. It tells the size of a
/// <see cref="SequenceState"/> without making one, so that an inspection and a session count the same bytes.
/// </summary>
internal sealed class StatePlan
{
    private readonly List<KvLayer> _layers = [];
    private readonly List<Rotation> _rotations = [];

    /// <summary>Layers with keys and values, as they are numbered in the cache.</summary>
    public IReadOnlyList<KvLayer> Layers => _layers;

    /// <summary>Distinct ropes.</summary>
    public IReadOnlyList<Rotation> Rotations => _rotations;

    /// <summary>Floats of a row's cosines and sines of all ropes.</summary>
    public int RotationFloats { get; private set; }

    /// <summary>Most positions that a sequence can have, whatever its capacity; null for no limit.</summary>
    public int? MostPositions { get; private set; }

    /// <summary>Floats of recurrent state.</summary>
    public long RecurrentFloats { get; private set; }

    /// <summary>What the states of the model can do.</summary>
    public StateAbilities Abilities => StateAbilities.Copy | StateAbilities.Save | (
        RecurrentFloats > 0 ? StateAbilities.Snapshots
        : !_layers.TrueForAll(static layer => layer.Window == 0) ? StateAbilities.TruncateNear
        : _layers.TrueForAll(static layer => layer.Rotation is not null) ? StateAbilities.Truncate | StateAbilities.Shift
        : StateAbilities.Truncate);

    /// <summary>Bytes of a state with these options, at full length.</summary>
    public long ByteSize(EngineStateOptions options) =>
        (PlanCache(options)?.Bytes ?? 0) + (2 * RecurrentFloats * sizeof(float));

    /// <summary>Where a cache with these options keeps what; null where no layer has keys and values.</summary>
    public KvPlan? PlanCache(EngineStateOptions options) =>
        _layers.Count == 0 ? null : new KvPlan(Geometries(options), options.Capacity, options.BatchTokens);

    /// <summary>What each layer keeps with these options.</summary>
    public KvGeometry[] Geometries(EngineStateOptions options)
    {
        var types = new KvTypes(options.KeyType, options.ValueType);
        return [.. _layers.Select(layer => new KvGeometry
        {
            KvHeads = layer.KvHeads,
            KeyLength = layer.KeyLength,
            ValueLength = layer.ValueLength,
            KeyType = types.KeyTensorType,
            ValueType = types.ValueTensorType,
            Window = layer.Window,
        })];
    }

    /// <summary>Declares a layer's keys and values.</summary>
    /// <returns>The number of the layer.</returns>
    public int AddKeysAndValues(KvLayer layer)
    {
        _layers.Add(layer);
        return _layers.Count - 1;
    }

    /// <summary>Declares that positions are learned, so that there are no more of them.</summary>
    public void LimitPositions(int most) => MostPositions = most;

    /// <summary>Declares state that every token replaces; it is zero at the start of a sequence.</summary>
    public RecurrentSlot AddRecurrent(int floats)
    {
        var slot = new RecurrentSlot(RecurrentFloats, floats);
        RecurrentFloats += (floats + 15) & ~15;
        return slot;
    }

    /// <summary>Declares a rope; layers with the same one share its rotations.</summary>
    public Rotation AddRotation(RopeSpec rope)
    {
        if (_rotations.Find(rotation => rotation.Rope.Equals(rope)) is { } known)
        {
            return known;
        }

        var added = new Rotation(rope, _rotations.Count, RotationFloats);
        _rotations.Add(added);
        RotationFloats += rope.Dimensions;
        return added;
    }
}

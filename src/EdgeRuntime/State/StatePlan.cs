using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Engine;

namespace EdgeRuntime.State;

/// <summary>The keys and values that a layer keeps for each position, whatever their number format.</summary>
/// <param name="KvHeads">KV heads.</param>
/// <param name="KeyLength">Elements of a head's key.</param>
/// <param name="ValueLength">Elements of a head's value.</param>
/// <param name="Window">The number of positions that a query attends to, its own included; 0 for all.</param>
/// <param name="Rotation">The rotation that moves a key to another position; null if none does.</param>
/// <param name="FirstRotated">The first element of a key that rotates.</param>
/// <param name="IsCausal">Whether no query sees keys after its own position.</param>
internal sealed record KvLayer(
    int KvHeads, int KeyLength, int ValueLength, int Window, Rotation? Rotation, int FirstRotated = 0, bool IsCausal = true);

/// <summary>The place of a module's recurrent state in that of a sequence.</summary>
/// <param name="Offset">First float.</param>
/// <param name="Count">Floats.</param>
internal readonly record struct RecurrentSlot(long Offset, int Count);

/// <summary>A rope of the model, and the place of its cosines and sines among those of a row.</summary>
/// <param name="Rope">The rope.</param>
/// <param name="Index">Number of the rope.</param>
/// <param name="Offset">First float: cosines, then sines.</param>
internal sealed record Rotation(RopeSpec Rope, int Index, int Offset)
{
    /// <summary>Gets the number of pairs of elements that rotate.</summary>
    public int Pairs => Rope.Dimensions / 2;
}

/// <summary>
/// Collects what the modules of a model keep for each sequence. It gives the size of a <see cref="SequenceState"/> without creating one, so
/// that an inspection and a session count the same bytes.
/// </summary>
internal sealed class StatePlan
{
    private readonly List<KvLayer> _layers = [];
    private readonly List<Rotation> _rotations = [];

    /// <summary>Gets the layers with keys and values, in the order of the cache.</summary>
    public IReadOnlyList<KvLayer> Layers => _layers;

    /// <summary>Gets the distinct ropes.</summary>
    public IReadOnlyList<Rotation> Rotations => _rotations;

    /// <summary>Gets the number of a row's cosines and sines of all ropes.</summary>
    public int RotationFloats { get; private set; }

    /// <summary>Gets the greatest number of positions of a sequence, whatever its capacity; null for no limit.</summary>
    public int? MostPositions { get; private set; }

    /// <summary>Gets the number of floats of recurrent state.</summary>
    public long RecurrentFloats { get; private set; }

    /// <summary>Gets what the states of the model can do.</summary>
    public StateAbilities Abilities => StateAbilities.Copy | StateAbilities.Save | (
        TakesWholePasses ? StateAbilities.WholePasses
        : RecurrentFloats > 0 ? StateAbilities.Snapshots
        : !_layers.TrueForAll(static layer => layer.Window == 0) ? StateAbilities.TruncateNear
        : _layers.TrueForAll(static layer => layer.Rotation is not null) ? StateAbilities.Truncate | StateAbilities.Shift
        : StateAbilities.Truncate);

    /// <summary>Gets whether a text must be computed in one pass, because some layer sees later positions.</summary>
    public bool TakesWholePasses => _layers.Exists(static layer => !layer.IsCausal);

    /// <summary>Returns the bytes of a state with these options, at full length.</summary>
    public long ByteSize(EngineStateOptions options) =>
        (PlanCache(options)?.Bytes ?? 0) + (2 * RecurrentFloats * sizeof(float));

    /// <summary>Plans a cache with these options; null if no layer has keys and values.</summary>
    public KvPlan? PlanCache(EngineStateOptions options) =>
        _layers.Count == 0 ? null : new KvPlan(Geometries(options), options.Capacity, options.BatchTokens);

    /// <summary>Returns the keys and values of each layer with these options.</summary>
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

    /// <summary>Declares that positions are learned, so that a sequence can't have more of them.</summary>
    public void LimitPositions(int most) => MostPositions = most;

    /// <summary>Declares state that each token replaces. It is zero at the start of a sequence.</summary>
    public RecurrentSlot AddRecurrent(int floats)
    {
        var slot = new RecurrentSlot(RecurrentFloats, floats);
        RecurrentFloats += (floats + 15) & ~15;
        return slot;
    }

    /// <summary>Declares a rope. Layers with the same rope share its rotations.</summary>
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

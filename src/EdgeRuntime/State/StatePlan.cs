using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Engine;

namespace EdgeRuntime.State;

/// <summary>The keys and values that a layer keeps for each position.</summary>
/// <param name="KvHeads">KV heads.</param>
/// <param name="KeyLength">Elements of a head's key.</param>
/// <param name="ValueLength">Elements of a head's value.</param>
internal readonly record struct KvGeometry(int KvHeads, int KeyLength, int ValueLength);

/// <summary>The layers that share a cache.</summary>
/// <param name="Window">Positions that are seen at most, or 0 for all.</param>
/// <param name="Layers">What each layer keeps.</param>
internal sealed record CachePlan(int Window, List<KvGeometry> Layers);

/// <summary>Where a layer's keys and values are in a sequence's state.</summary>
/// <param name="Cache">Index of the cache: layers with the same window share one.</param>
/// <param name="Layer">Index of the layer in that cache.</param>
internal readonly record struct KvSlot(int Cache, int Layer);

/// <summary>Where a module's recurrent state is in that of a sequence.</summary>
/// <param name="Offset">First float.</param>
/// <param name="Count">Floats.</param>
internal readonly record struct RecurrentSlot(long Offset, int Count);

/// <summary>A rope of the model, and where its cosines and sines are among those of a row.</summary>
/// <param name="Rope">The rope.</param>
/// <param name="Offset">First float: cosines, then sines.</param>
internal sealed record Rotation(RopeSpec Rope, int Offset)
{
    /// <summary>Pairs of elements that turn.</summary>
    public int Pairs => Rope.Dimensions / 2;
}

/// <summary>
/// What the modules of a model keep for each sequence, declared by them one after the other. It makes <see cref="SequenceState"/>s and tells
/// their size, so that an inspection and a session count the same bytes.
/// </summary>
internal sealed class StatePlan
{
    private readonly List<CachePlan> _caches = [];
    private readonly List<Rotation> _rotations = [];
    private readonly List<Rotation?> _keyRotations = [];

    /// <summary>Caches in the order in which modules declared them.</summary>
    public IReadOnlyList<CachePlan> Caches => _caches;

    /// <summary>Distinct ropes.</summary>
    public IReadOnlyList<Rotation> Rotations => _rotations;

    /// <summary>Floats of a row's cosines and sines of all ropes.</summary>
    public int RotationFloats => _rotations.Sum(static rotation => rotation.Rope.Dimensions);

    /// <summary>Floats of recurrent state.</summary>
    public long RecurrentFloats { get; private set; }

    /// <summary>What the states of the model can do.</summary>
    public StateAbilities Abilities => RecurrentFloats > 0 ? StateAbilities.Snapshots
        : CanShift ? StateAbilities.Truncate | StateAbilities.Shift
        : StateAbilities.Truncate;

    // Keys can be turned back to other positions where all are turned alike, and where no layer has let go of positions.
    private bool CanShift => _caches.Count == 1 && _caches[0].Window == 0 && _rotations.Count == 1 && !_keyRotations.Contains(null);

    /// <summary>Bytes of a state with these options, at full length.</summary>
    public long ByteSize(EngineStateOptions options) =>
        _caches.Sum(cache => KvCache.PlanBytes(cache, options)) + (2 * RecurrentFloats * sizeof(float));

    /// <summary>Declares a layer's keys and values.</summary>
    /// <param name="geometry">What each position has.</param>
    /// <param name="window">Positions that are seen at most, or 0 for all.</param>
    /// <param name="rotation">By which the keys are turned, or null.</param>
    public KvSlot AddKeysAndValues(KvGeometry geometry, int window, Rotation? rotation)
    {
        int cache = _caches.FindIndex(candidate => candidate.Window == window);
        if (cache < 0)
        {
            cache = _caches.Count;
            _caches.Add(new CachePlan(window, []));
        }

        _caches[cache].Layers.Add(geometry);
        _keyRotations.Add(rotation);
        return new KvSlot(cache, _caches[cache].Layers.Count - 1);
    }

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

        var added = new Rotation(rope, RotationFloats);
        _rotations.Add(added);
        return added;
    }
}

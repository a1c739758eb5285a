using System;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Kernels.Attention;

/// <summary>
/// How a KV head's keys and values lie in memory, and how they get there. They come in chunks of 256 positions:
/// <code>
///   keys[16 panels]      keys of 16 positions each, the positions side by side
///   values[256 rows]     values of one position each
/// </code>
/// so that what a work item of attention reads lies together. One instance for a cache; immutable.
/// </summary>
internal abstract unsafe class KvLayout
{
    /// <summary>Positions whose keys lie side by side.</summary>
    public const int PanelPositions = 16;

    /// <summary>Positions of a chunk.</summary>
    public const int ChunkPositions = 256;

    private protected KvLayout(TensorType type, int keyLength, int valueLength, int keyPanelBytes, int valueRowBytes)
    {
        Type = type;
        KeyLength = keyLength;
        ValueLength = valueLength;
        KeyPanelBytes = keyPanelBytes;
        ValueRowBytes = valueRowBytes;
    }

    /// <summary>F32, F16, BF16 or Q8_0.</summary>
    public TensorType Type { get; }

    /// <summary>Elements of a head's key.</summary>
    public int KeyLength { get; }

    /// <summary>Elements of a head's value.</summary>
    public int ValueLength { get; }

    /// <summary>Bytes of the keys of 16 positions.</summary>
    public int KeyPanelBytes { get; }

    /// <summary>Bytes of one position's values.</summary>
    public int ValueRowBytes { get; }

    /// <summary>Bytes of a chunk's keys, which its values follow.</summary>
    public int ChunkKeyBytes => ChunkPositions / PanelPositions * KeyPanelBytes;

    /// <summary>Bytes of a chunk, a multiple of 64.</summary>
    public int ChunkBytes => ChunkKeyBytes + (ChunkPositions * ValueRowBytes);

    /// <exception cref="ArgumentException">The type is none that a cache can have.</exception>
    public static KvLayout Create(TensorType type, int keyLength, int valueLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keyLength, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(valueLength, 1);
        return type switch
        {
            TensorType.F32 => new KvLayout<KvFloat32>(type, keyLength, valueLength),
            TensorType.F16 => new KvLayout<KvFloat16<HalfFormat>>(type, keyLength, valueLength),
            TensorType.BF16 => new KvLayout<KvFloat16<BFloat16Format>>(type, keyLength, valueLength),
            TensorType.Q8_0 => new KvLayout<KvInt8>(type, keyLength, valueLength),
            _ => throw new ArgumentException($"a KV cache cannot be {type}; use F32, F16, BF16 or Q8_0", nameof(type)),
        };
    }

    /// <summary>Floats of an expanded row of values: <paramref name="valueLength"/> rounded up to 16.</summary>
    public static int ValueLanes(int valueLength) => (valueLength + 15) & ~15;

    /// <summary>Writes one position's key, rounding to nearest even (F16 saturates).</summary>
    /// <param name="chunk">The head's chunk that holds the position.</param>
    /// <param name="position">0 to 255, in the chunk.</param>
    /// <param name="key">[KeyLength].</param>
    public abstract void StoreKey(byte* chunk, int position, float* key);

    /// <summary>Writes one position's value, as <see cref="StoreKey"/>.</summary>
    /// <param name="chunk">The head's chunk that holds the position.</param>
    /// <param name="position">0 to 255, in the chunk.</param>
    /// <param name="value">[ValueLength].</param>
    public abstract void StoreValue(byte* chunk, int position, float* value);

    /// <summary>The keys of a chunk's panel, 16 positions, as float [KeyLength][16].</summary>
    public abstract void ExpandKeys(byte* chunk, int panel, float* expanded);

    /// <summary>The value of one of a chunk's positions as float [ValueLanes].</summary>
    public abstract void ExpandValue(byte* chunk, int position, float* expanded);

    /// <summary>The stored value of one of a chunk's positions: <see cref="ValueRowBytes"/> bytes.</summary>
    public byte* ValueRow(byte* chunk, int position) => chunk + ChunkKeyBytes + ((long)position * ValueRowBytes);
}

/// <inheritdoc/>
internal sealed unsafe class KvLayout<TElement> : KvLayout
    where TElement : struct, IKvElement
{
    public KvLayout(TensorType type, int keyLength, int valueLength)
        : base(type, keyLength, valueLength, TElement.KeyPanelBytes(keyLength), TElement.ValueRowBytes(valueLength))
    {
    }

    public override void StoreKey(byte* chunk, int position, float* key) =>
        TElement.StoreKey(chunk + ((long)(position / PanelPositions) * KeyPanelBytes), position % PanelPositions, key, KeyLength);

    public override void StoreValue(byte* chunk, int position, float* value) =>
        TElement.StoreValue(ValueRow(chunk, position), value, ValueLength);

    public override void ExpandKeys(byte* chunk, int panel, float* expanded) =>
        TElement.ExpandKeys<Vector.LanesScalar>(chunk + ((long)panel * KeyPanelBytes), KeyLength, expanded);

    public override void ExpandValue(byte* chunk, int position, float* expanded) =>
        TElement.ExpandValues<Vector.LanesScalar>(ValueRow(chunk, position), 1, ValueLength, expanded);
}

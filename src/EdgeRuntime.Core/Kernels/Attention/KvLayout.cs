using System;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Vector;

namespace EdgeRuntime.Kernels.Attention;

/// <summary>
/// The memory layout of a KV head's keys and values, in chunks of 256 positions:
/// <code>
///   keys[16 panels]      keys of 16 positions each, the positions side by side
///   values[256 rows]     values of one position each
/// </code>
/// so that a work item of attention reads adjacent memory. Immutable.
/// </summary>
internal sealed unsafe class KvLayout
{
    /// <summary>Positions of a panel of keys.</summary>
    public const int PanelPositions = 16;

    /// <summary>Positions of a chunk.</summary>
    public const int ChunkPositions = 256;

    /// <summary>Positions whose keys or values are expanded at once: they stay in the first-level cache while all rows use them.</summary>
    public const int ExpandPositions = 64;

    private readonly KvProduct<LanesScalar> _keys;
    private readonly KvProduct<LanesScalar> _values;

    /// <exception cref="ArgumentException">A cache cannot have one of the types.</exception>
    public KvLayout(TensorType keyType, TensorType valueType, int keyLength, int valueLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keyLength, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(valueLength);
        KeyLength = keyLength;
        ValueLength = valueLength;
        Keys = KvFormat.Of(keyType);
        Values = KvFormat.Of(valueType);
        KeyPanelBytes = Keys.KeyPanelBytes(keyLength);
        ValueRowBytes = Values.ValueRowBytes(valueLength);
        _keys = Keys.CreateProduct<LanesScalar>();
        _values = Values.CreateProduct<LanesScalar>();
    }

    /// <summary>Format of keys.</summary>
    public KvFormat Keys { get; }

    /// <summary>Format of values.</summary>
    public KvFormat Values { get; }

    /// <summary>Elements of a head's key.</summary>
    public int KeyLength { get; }

    /// <summary>Elements of a head's value; 0 for keys alone.</summary>
    public int ValueLength { get; }

    /// <summary>Bytes of the keys of 16 positions.</summary>
    public int KeyPanelBytes { get; }

    /// <summary>Bytes of one position's values.</summary>
    public int ValueRowBytes { get; }

    /// <summary>Bytes of a chunk's keys, which its values follow.</summary>
    public int ChunkKeyBytes => ChunkPositions / PanelPositions * KeyPanelBytes;

    /// <summary>Bytes of a chunk, a multiple of 64.</summary>
    public int ChunkBytes => ChunkKeyBytes + (ChunkPositions * ValueRowBytes);

    /// <summary>Floats of an expanded row of values: <paramref name="valueLength"/> rounded up to 16.</summary>
    public static int ValueLanes(int valueLength) => (valueLength + 15) & ~15;

    /// <summary>Writes one position's key, rounding to nearest (F16 saturates).</summary>
    /// <param name="chunk">The head's chunk that holds the position.</param>
    /// <param name="position">0 to 255, in the chunk.</param>
    /// <param name="key">[KeyLength].</param>
    public void StoreKey(byte* chunk, int position, float* key) =>
        Keys.StoreKey(KeyPanel(chunk, position / PanelPositions), position % PanelPositions, key, KeyLength);

    /// <summary>Writes one position's value, as <see cref="StoreKey"/>.</summary>
    /// <param name="chunk">The head's chunk that holds the position.</param>
    /// <param name="position">0 to 255, in the chunk.</param>
    /// <param name="value">[ValueLength].</param>
    public void StoreValue(byte* chunk, int position, float* value) => Values.StoreValue(ValueRow(chunk, position), value, ValueLength);

    /// <summary>Copies the keys of a chunk's panel, 16 positions, to float [KeyLength][16].</summary>
    public void ExpandKeys(byte* chunk, int panel, float* expanded) =>
        Copy(_keys.ExpandKeys(KeyPanel(chunk, panel), 1, KeyLength, expanded), expanded, KeyLength * PanelPositions);

    /// <summary>Copies the value of one of a chunk's positions to float [ValueLanes].</summary>
    public void ExpandValue(byte* chunk, int position, float* expanded) =>
        Copy(_values.ExpandValues(ValueRow(chunk, position), 1, ValueLength, expanded), expanded, ValueLanes(ValueLength));

    /// <summary>The stored keys of a chunk's panel: <see cref="KeyPanelBytes"/> bytes.</summary>
    public byte* KeyPanel(byte* chunk, int panel) => chunk + ((long)panel * KeyPanelBytes);

    /// <summary>The stored value of one of a chunk's positions: <see cref="ValueRowBytes"/> bytes.</summary>
    public byte* ValueRow(byte* chunk, int position) => chunk + ChunkKeyBytes + ((long)position * ValueRowBytes);

    private static void Copy(float* source, float* destination, int count) =>
        new ReadOnlySpan<float>(source, count).CopyTo(new Span<float>(destination, count));
}

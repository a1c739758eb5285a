using System;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Kernels.Attention;

/// <summary>
/// How a KV head's keys and values lie in memory, and how they get there. They come in chunks of 256 positions:
/// <code>
///   keys[16 panels]      keys of 16 positions each, the positions side by side
///   values[256 rows]     values of one position each
/// </code>
/// so that what a work item of attention reads lies together. Immutable.
/// </summary>
internal sealed unsafe class KvLayout
{
    /// <summary>Positions whose keys lie side by side.</summary>
    public const int PanelPositions = 16;

    /// <summary>Positions of a chunk.</summary>
    public const int ChunkPositions = 256;

    /// <exception cref="ArgumentException">One of the types is none that a cache can have.</exception>
    public KvLayout(TensorType keyType, TensorType valueType, int keyLength, int valueLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keyLength, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(valueLength, 1);
        KeyLength = keyLength;
        ValueLength = valueLength;
        Keys = KvFormat.Of(keyType);
        Values = KvFormat.Of(valueType);
        KeyPanelBytes = Keys.KeyPanelBytes(keyLength);
        ValueRowBytes = Values.ValueRowBytes(valueLength);
    }

    /// <summary>Format of keys.</summary>
    public KvFormat Keys { get; }

    /// <summary>Format of values.</summary>
    public KvFormat Values { get; }

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

    /// <summary>The keys of a chunk's panel, 16 positions, as float [KeyLength][16].</summary>
    public void ExpandKeys(byte* chunk, int panel, float* expanded) => Keys.ExpandKeys(KeyPanel(chunk, panel), KeyLength, expanded);

    /// <summary>The value of one of a chunk's positions as float [ValueLanes].</summary>
    public void ExpandValue(byte* chunk, int position, float* expanded) =>
        Values.ExpandValues(ValueRow(chunk, position), 1, ValueLength, expanded);

    /// <summary>The stored keys of a chunk's panel: <see cref="KeyPanelBytes"/> bytes.</summary>
    public byte* KeyPanel(byte* chunk, int panel) => chunk + ((long)panel * KeyPanelBytes);

    /// <summary>The stored value of one of a chunk's positions: <see cref="ValueRowBytes"/> bytes.</summary>
    public byte* ValueRow(byte* chunk, int position) => chunk + ChunkKeyBytes + ((long)position * ValueRowBytes);
}

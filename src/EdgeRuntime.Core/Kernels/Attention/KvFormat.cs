using System;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Vector;

namespace EdgeRuntime.Kernels.Attention;

/// <summary>A number format of cached keys and values as an object: how it is written, read back, and how large it is. Immutable.</summary>
internal abstract unsafe class KvFormat
{
    /// <summary>The types that a cache can have.</summary>
    public static ReadOnlySpan<TensorType> Types => [TensorType.F32, TensorType.F16, TensorType.BF16, TensorType.Q8_0, TensorType.Q4_0];

    /// <exception cref="ArgumentException">The type is none that a cache can have.</exception>
    public static KvFormat Of(TensorType type) => type switch
    {
        TensorType.F32 => new KvFormat<KvFloat32>(),
        TensorType.F16 => new KvFormat<KvFloat16<HalfFormat>>(),
        TensorType.BF16 => new KvFormat<KvFloat16<BFloat16Format>>(),
        TensorType.Q8_0 => new KvFormat<KvBlocks<Int8Quants>>(),
        TensorType.Q4_0 => new KvFormat<KvBlocks<Int4Quants>>(),
        _ => throw new ArgumentException($"a KV cache cannot be {type}; use {string.Join(", ", Types.ToArray())}", nameof(type)),
    };

    /// <summary>The products of attention with keys or values of this format.</summary>
    public abstract KvProduct<TLanes> CreateProduct<TLanes>()
        where TLanes : struct, ILanes<TLanes>;

    /// <inheritdoc cref="IKvElement.KeyPanelBytes"/>
    public abstract int KeyPanelBytes(int keyLength);

    /// <inheritdoc cref="IKvElement.ValueRowBytes"/>
    public abstract int ValueRowBytes(int valueLength);

    /// <inheritdoc cref="IKvElement.StoreKey"/>
    public abstract void StoreKey(byte* panel, int lane, float* key, int keyLength);

    /// <inheritdoc cref="IKvElement.StoreValue"/>
    public abstract void StoreValue(byte* row, float* value, int valueLength);

    /// <inheritdoc cref="IKvElement.ExpandKeys"/>
    public abstract void ExpandKeys(byte* panel, int keyLength, float* keys);

    /// <inheritdoc cref="IKvElement.ExpandValues"/>
    public abstract void ExpandValues(byte* values, int rows, int valueLength, float* expanded);
}

/// <inheritdoc/>
internal sealed unsafe class KvFormat<TElement> : KvFormat
    where TElement : struct, IKvElement
{
    public override KvProduct<TLanes> CreateProduct<TLanes>() => new KvProduct<TLanes, TElement>();

    public override int KeyPanelBytes(int keyLength) => TElement.KeyPanelBytes(keyLength);

    public override int ValueRowBytes(int valueLength) => TElement.ValueRowBytes(valueLength);

    public override void StoreKey(byte* panel, int lane, float* key, int keyLength) => TElement.StoreKey(panel, lane, key, keyLength);

    public override void StoreValue(byte* row, float* value, int valueLength) => TElement.StoreValue(row, value, valueLength);

    public override void ExpandKeys(byte* panel, int keyLength, float* keys) =>
        TElement.ExpandKeys<LanesScalar>(panel, keyLength, keys);

    public override void ExpandValues(byte* values, int rows, int valueLength, float* expanded) =>
        TElement.ExpandValues<LanesScalar>(values, rows, valueLength, expanded);
}

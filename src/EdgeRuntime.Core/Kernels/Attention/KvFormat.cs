using System;
using System.Collections.Generic;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Vector;

namespace EdgeRuntime.Kernels.Attention;

/// <summary>
/// A number format of cached keys and values. The keys of 16 positions form a panel with the positions in the lanes, so that 16
/// scores need no horizontal sum; values lie row by row, so that the output's elements are the lanes. Immutable.
/// </summary>
/// <remarks>
/// Every element is converted to float exactly before it is used, so the arithmetic of attention is the same for all formats and
/// does not depend on where the conversion happens.
/// </remarks>
internal abstract unsafe class KvFormat
{
    private static readonly Dictionary<TensorType, KvFormat> s_formats = new()
    {
        [TensorType.F32] = new KvFloats<Float32Element>(),
        [TensorType.F16] = new KvFloats<HalfElement>(),
        [TensorType.BF16] = new KvFloats<BFloat16Element>(),
        [TensorType.Q8_0] = new KvBlocks<Int8Quants>(),
        [TensorType.Q4_0] = new KvBlocks<Int4Quants>(),
    };

    /// <summary>The types that a cache can have.</summary>
    public static IReadOnlyCollection<TensorType> Types => s_formats.Keys;

    /// <summary>Gets the format of a type.</summary>
    /// <exception cref="ArgumentException">A cache cannot have this type.</exception>
    public static KvFormat Of(TensorType type) => s_formats.GetValueOrDefault(type)
        ?? throw new ArgumentException($"a KV cache cannot be {type}; use {string.Join(", ", Types)}", nameof(type));

    /// <summary>Creates the products of attention with keys or values of this format.</summary>
    public abstract KvProduct<TLanes> CreateProduct<TLanes>()
        where TLanes : struct, ILanes<TLanes>;

    /// <summary>Bytes of the keys of 16 positions.</summary>
    public abstract int KeyPanelBytes(int keyLength);

    /// <summary>Bytes of one position's values.</summary>
    public abstract int ValueRowBytes(int valueLength);

    /// <summary>Writes one position's key into its lane of a panel.</summary>
    /// <param name="panel">The panel.</param>
    /// <param name="lane">0 to 15.</param>
    /// <param name="key">[keyLength].</param>
    /// <param name="keyLength">Elements of a key.</param>
    public abstract void StoreKey(byte* panel, int lane, float* key, int keyLength);

    /// <summary>Writes one position's values.</summary>
    public abstract void StoreValue(byte* row, float* value, int valueLength);
}

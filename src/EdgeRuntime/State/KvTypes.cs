using System;
using EdgeRuntime.Formats;

namespace EdgeRuntime.State;

/// <summary>The number formats of a KV cache.</summary>
/// <param name="Keys">Number format of keys.</param>
/// <param name="Values">Number format of values.</param>
internal readonly record struct KvTypes(KvCacheType Keys, KvCacheType Values)
{
    /// <summary>Gets the tensor type of keys, which kernels use.</summary>
    public TensorType KeyTensorType => TensorTypeOf(Keys);

    /// <summary>Gets the tensor type of values, which kernels use.</summary>
    public TensorType ValueTensorType => TensorTypeOf(Values);

    /// <summary>Returns "F16", or "Q8_0/Q4_0" for keys and values of different types.</summary>
    public override string ToString() => Keys == Values ? Keys.ToString() : $"{Keys}/{Values}";

    private static TensorType TensorTypeOf(KvCacheType type) => type switch
    {
        KvCacheType.F32 => TensorType.F32,
        KvCacheType.F16 => TensorType.F16,
        KvCacheType.BF16 => TensorType.BF16,
        KvCacheType.Q8_0 => TensorType.Q8_0,
        KvCacheType.Q4_0 => TensorType.Q4_0,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, $"use one of {string.Join(", ", Enum.GetNames<KvCacheType>())}"),
    };
}

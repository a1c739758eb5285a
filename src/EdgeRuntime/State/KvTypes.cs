using System;
using System.Linq;
using EdgeRuntime.Formats;

namespace EdgeRuntime.State;

/// <summary>The number formats of a KV cache, and their names outside the program.</summary>
/// <param name="Keys">Number format of keys.</param>
/// <param name="Values">Number format of values.</param>
internal readonly record struct KvTypes(KvCacheType Keys, KvCacheType Values)
{
    /// <summary>Gets all names, in the order of the enumeration.</summary>
    public static string Names { get; } = string.Join(", ", Enum.GetValues<KvCacheType>().Select(Name));

    /// <summary>Gets the tensor type of keys, which kernels use.</summary>
    public TensorType KeyTensorType => TensorTypeOf(Keys);

    /// <summary>Gets the tensor type of values, which kernels use.</summary>
    public TensorType ValueTensorType => TensorTypeOf(Values);

    /// <summary>Returns the name that options and files use: "q8_0".</summary>
    public static string Name(KvCacheType type) => type.ToString().ToLowerInvariant();

    /// <summary>Returns the type of a name, in upper or lower case; null for any other text.</summary>
    public static KvCacheType? Find(string name) => Enum.GetValues<KvCacheType>().Cast<KvCacheType?>()
        .FirstOrDefault(type => string.Equals(Name(type!.Value), name, StringComparison.OrdinalIgnoreCase));

    /// <summary>Returns "F16", or "Q8_0/Q4_0" for keys and values of different types.</summary>
    public override string ToString() => Keys == Values ? Keys.ToString() : $"{Keys}/{Values}";

    private static TensorType TensorTypeOf(KvCacheType type) => type switch
    {
        KvCacheType.F32 => TensorType.F32,
        KvCacheType.F16 => TensorType.F16,
        KvCacheType.BF16 => TensorType.BF16,
        KvCacheType.Q8_0 => TensorType.Q8_0,
        KvCacheType.Q4_0 => TensorType.Q4_0,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, $"use one of {Names}"),
    };
}

namespace EdgeRuntime;

/// <summary>How a session keeps its context.</summary>
public sealed record SessionOptions
{
    /// <summary>Context length where none is asked for and the model allows it.</summary>
    public const int DefaultContextLength = 4096;

    /// <summary>Most tokens that are computed at once where neither options nor a tuning profile say.</summary>
    public const int DefaultBatchTokens = 512;

    /// <summary>Most positions that the session may hold; null for the smaller of the model's and 4096.</summary>
    public int? ContextLength { get; init; }

    /// <summary>Type of cached keys and values; null for the tuning profile's or F16. F32 where the model was loaded as exact.</summary>
    public KvCacheType? KvType { get; init; }

    /// <summary>Type of cached keys, where it is another than <see cref="KvType"/>; null for that one.</summary>
    public KvCacheType? KvKeyType { get; init; }

    /// <summary>Type of cached values, where it is another than <see cref="KvType"/>; null for that one.</summary>
    public KvCacheType? KvValueType { get; init; }

    /// <summary>Most tokens that are computed at once; null for the tuning profile's or 512.</summary>
    public int? BatchTokens { get; init; }
}

/// <summary>Number format of cached keys and values.</summary>
public enum KvCacheType
{
    /// <summary>float32.</summary>
    F32,

    /// <summary>IEEE half.</summary>
    F16,

    /// <summary>bfloat16.</summary>
    BF16,

    /// <summary>int8 in blocks of 32 with a scale.</summary>
    Q8_0,

    /// <summary>4-bit integers in blocks of 32 with a scale.</summary>
    Q4_0,
}

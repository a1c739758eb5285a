namespace EdgeRuntime;

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

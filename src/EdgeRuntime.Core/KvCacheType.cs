namespace EdgeRuntime;

/// <summary>The number format of cached keys and values.</summary>
public enum KvCacheType
{
    /// <summary>32-bit floats (IEEE binary32).</summary>
    F32,

    /// <summary>16-bit floats (IEEE binary16).</summary>
    F16,

    /// <summary>16-bit floats with the exponent range of binary32 (bfloat16).</summary>
    BF16,

    /// <summary>Signed 8-bit integers in blocks of 32, with one scale per block.</summary>
    Q8_0,

    /// <summary>4-bit integers in blocks of 32, with one scale per block.</summary>
    Q4_0,
}

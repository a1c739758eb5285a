namespace EdgeRuntime.Gguf;

/// <summary>
/// Limits on what a file can make the reader allocate or compute, in addition to the check of every count against the remaining bytes. The
/// limits are far above the needs of any published model, and low enough that a hostile file cannot cost much time or memory.
/// </summary>
internal static class GgufLimits
{
    /// <summary>The oldest supported version. Version 1 had 32-bit counts and was replaced within weeks.</summary>
    public const uint MinVersion = 2;

    /// <summary>The newest supported version. It differs from version 2 only in allowing big-endian files.</summary>
    public const uint MaxVersion = 3;

    /// <summary>The alignment of the tensor data if the file does not specify one; set by the format.</summary>
    public const int DefaultAlignment = 32;

    /// <summary>
    /// The largest accepted alignment: the size of a huge page of x86-64 and arm64, the largest unit in which memory is mapped.
    /// </summary>
    public const int MaxAlignment = 2 << 20;

    /// <summary>The largest number of dimensions of a tensor. ggml allows four, and shapes are stored in four fields.</summary>
    public const int MaxDimensions = 4;

    /// <summary>The largest length of a tensor name in bytes: ggml reserves 64 with the terminating zero (<c>GGML_MAX_NAME</c>).</summary>
    public const int MaxTensorNameBytes = 63;

    /// <summary>The largest length of a key in bytes, 2^16 - 1; set by the format.</summary>
    public const int MaxKeyBytes = 65535;

    /// <summary>
    /// The largest length of a string value in bytes. The largest known strings are tokenizer descriptions of about 20 MB.
    /// </summary>
    public const int MaxStringBytes = 256 << 20;

    /// <summary>
    /// The largest number of array elements. Vocabularies and merges have less than a million; the bytes must fit into one span.
    /// </summary>
    public const int MaxArrayElements = 64 << 20;

    /// <summary>The largest number of keys of a file. Published files have about fifty.</summary>
    public const int MaxKeys = 64 << 10;

    /// <summary>The largest number of tensors of a file. The largest mixture-of-experts models have several thousand.</summary>
    public const int MaxTensors = 1 << 20;

    /// <summary>The largest length of a row in bytes, so that a row fits into a span.</summary>
    public const long MaxRowBytes = int.MaxValue;

    /// <summary>The largest number of parts of a split model. Each part needs an open file.</summary>
    public const int MaxParts = 1024;

    /// <summary>The smallest size of a key with its value in bytes: length 8, key 1, type 4, value 1.</summary>
    public const int MinKeyValueBytes = 14;

    /// <summary>The smallest size of a tensor description in bytes: length 8, name 1, dimensions 4 + 8, type 4, offset 8.</summary>
    public const int MinTensorInfoBytes = 33;
}

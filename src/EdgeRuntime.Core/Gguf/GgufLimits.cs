namespace EdgeRuntime.Gguf;

/// <summary>
/// What a file may ask of the reader, beside "no more than the bytes that remain", which is checked first everywhere. Far above what
/// any published model has, and low enough that a hostile file can't buy much time or memory with them.
/// </summary>
internal static class GgufLimits
{
    /// <summary>Oldest version read: version 1 had 32-bit counts and was replaced within weeks.</summary>
    public const uint MinVersion = 2;

    /// <summary>Newest version read; it differs from 2 only in allowing big-endian files.</summary>
    public const uint MaxVersion = 3;

    /// <summary>Alignment of the tensor data where the file names none; fixed by the format.</summary>
    public const int DefaultAlignment = 32;

    /// <summary>A huge page of x86-64 and arm64: nobody maps in larger units, so more padding is an attack.</summary>
    public const int MaxAlignment = 2 << 20;

    /// <summary>Dimensions of a tensor: ggml has four, and the shape is kept in a fixed place.</summary>
    public const int MaxDimensions = 4;

    /// <summary>Bytes of a tensor's name: ggml keeps 64 with a closing zero (<c>GGML_MAX_NAME</c>).</summary>
    public const int MaxTensorNameBytes = 63;

    /// <summary>Bytes of a key: the format's own limit, 2^16 - 1.</summary>
    public const int MaxKeyBytes = 65535;

    /// <summary>Bytes of a string value: the largest in use are whole tokenizer descriptions of some 20 MB.</summary>
    public const int MaxStringBytes = 256 << 20;

    /// <summary>Elements of an array: vocabularies and their merges stay below a million; the bytes still fit one span.</summary>
    public const int MaxArrayElements = 64 << 20;

    /// <summary>Keys of a file: real files have some fifty.</summary>
    public const int MaxKeys = 64 << 10;

    /// <summary>Tensors of a file: the largest mixtures of experts have some thousands.</summary>
    public const int MaxTensors = 1 << 20;

    /// <summary>Bytes of one row, so that a row always fits a span.</summary>
    public const long MaxRowBytes = int.MaxValue;

    /// <summary>Parts of a split model that are opened; each costs an open file.</summary>
    public const int MaxParts = 1024;

    /// <summary>Least bytes of a key with its value: length 8, one byte of key, type 4, one byte of value.</summary>
    public const int MinKeyValueBytes = 14;

    /// <summary>Least bytes of a tensor's description: length 8, one byte of name, dimensions 4 + 8, type 4, offset 8.</summary>
    public const int MinTensorInfoBytes = 33;
}

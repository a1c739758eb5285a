using System;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Gguf;

/// <summary>A tensor of a file: name, shape, type and bytes. A view: the file owns the bytes.</summary>
public sealed class GgufTensor
{
    internal GgufTensor() => throw new NotImplementedException();

    /// <summary>For example <c>blk.0.attn_q.weight</c>.</summary>
    public string Name { get; }

    /// <summary>Tensor type.</summary>
    public TensorType Type { get; }

    /// <summary>ne[0..3] as in the file, innermost first, missing ones 1. ne[0] is the row length.</summary>
    public ReadOnlySpan<long> Dimensions => throw new NotImplementedException();

    /// <summary>Elements of one row, ne[0].</summary>
    public long Columns { get; }

    /// <summary>Product of all other dimensions.</summary>
    public long Rows { get; }

    /// <summary>Bytes of all rows.</summary>
    public long ByteLength { get; }

    /// <summary>Bytes of one row.</summary>
    public long RowBytes { get; }

    /// <summary>The bytes of <paramref name="count"/> rows from <paramref name="row"/> on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not inside the tensor, or more than 2 GiB at once.</exception>
    public ReadOnlySpan<byte> GetRows(long row, int count) => throw new NotImplementedException();

    /// <summary>Tells the system that the tensor's pages are not needed for now; they are read again from the file when touched.</summary>
    public void ReleasePages() => throw new NotImplementedException();
}

using System;
using System.Buffers;
using System.Runtime.CompilerServices;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Weights;

/// <summary>
/// The embedding matrix [vocabulary, hidden], read row by row from the file: none of it becomes resident. (A mapping would load up to half
/// a megabyte around each row.) A view of the file.
/// </summary>
internal sealed class EmbeddingTable
{
    private const int MostOnStack = 16 << 10;

    private readonly TensorFormat _format;

    public EmbeddingTable(GgufTensor tensor)
    {
        Tensor = tensor;
        _format = TensorFormats.Get(tensor.Type);
        Scale = tensor.ReadScale();
    }

    /// <summary>Gets the matrix in the file.</summary>
    public GgufTensor Tensor { get; }

    /// <summary>Gets the factor of all rows, which <see cref="Read"/> leaves out.</summary>
    public float Scale { get; }

    /// <summary>Gets the number of rows.</summary>
    public int Vocabulary => (int)Tensor.Rows;

    /// <summary>Reads the row of a token.</summary>
    /// <param name="token">The row; less than <see cref="Vocabulary"/>.</param>
    /// <param name="x">Gets the row [hidden].</param>
    /// <exception cref="System.IO.IOException">The file can't be read any more.</exception>
    [SkipLocalsInit]
    public void Read(int token, Span<float> x)
    {
        int bytes = (int)Tensor.RowBytes;
        byte[]? rented = bytes > MostOnStack ? ArrayPool<byte>.Shared.Rent(bytes) : null;
        Span<byte> row = rented is null ? stackalloc byte[MostOnStack] : rented;
        Tensor.ReadRows(token, row[..bytes]);
        _format.Dequantize(row[..bytes], x);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}

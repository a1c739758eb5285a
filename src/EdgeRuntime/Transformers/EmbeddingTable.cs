using System;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Transformers;

/// <summary>
/// The first matrix, [vocabulary, hidden], read row by row straight from the mapped file: a token touches one row, so only
/// the pages of tokens in use become resident. A view of the file.
/// </summary>
internal sealed class EmbeddingTable
{
    private readonly GgufTensor _tensor;
    private readonly TensorFormat _format;

    public EmbeddingTable(GgufTensor tensor)
    {
        _tensor = tensor;
        _format = TensorFormats.Get(tensor.Type);
    }

    public int Vocabulary => (int)_tensor.Rows;

    /// <param name="token">Row; below <see cref="Vocabulary"/>.</param>
    /// <param name="x">[hidden].</param>
    public void Read(int token, Span<float> x) => _format.Dequantize(_tensor.GetRows(token, 1), x);

    /// <summary>Gives the pages back: the system brings in a dozen pages around each row, for many rows half of the table.</summary>
    public void ReleasePages() => _tensor.ReleasePages();
}

using EdgeRuntime.Safetensors;

namespace EdgeRuntime.Conversion;

/// <summary>
/// Changes the order of the heads of gated delta nets. Hugging Face's files have the value heads of a key head side by side; in GGUF files
/// the first value heads of all key heads come first, then the second ones.
/// </summary>
/// <param name="config">The configuration of the model.</param>
internal sealed class DeltaNetChanges(ModelConfig config)
{
    private readonly int _keyHeads = config.GetPositiveCount("linear_num_key_heads");
    private readonly int _valueHeads = config.GetPositiveCount("linear_num_value_heads");
    private readonly int _keySize = config.GetPositiveCount("linear_key_head_dim");
    private readonly int _valueSize = config.GetPositiveCount("linear_value_head_dim");

    private long KeyWidth => (long)_keyHeads * _keySize;

    private long ValueWidth => (long)_valueHeads * _valueSize;

    private bool IsShared => _valueHeads % _keyHeads == 0;

    /// <summary>Tiles the rows of values, which may have those of queries and keys before them.</summary>
    public TensorRows TileRows(SafetensorsTensor tensor, TensorRows rows)
    {
        long start = rows.Count - ValueWidth;
        return IsShared && (start == 0 || start == 2 * KeyWidth)
            ? new TensorRows.Reordered(rows, rows.Count, row => row < start ? row : start + Tile(row - start, _valueSize))
            : throw RowChanges.Wrong(tensor, $"{ValueWidth} rows of values, alone or behind {2 * KeyWidth}, for {Heads}");
    }

    /// <summary>Tiles rows of which each value head has one.</summary>
    public TensorRows TileHeads(SafetensorsTensor tensor, TensorRows rows) => IsShared && rows.Count == _valueHeads
        ? new TensorRows.Reordered(rows, rows.Count, row => Tile(row, 1))
        : throw RowChanges.Wrong(tensor, $"rows for {Heads}");

    /// <summary>Tiles the columns of values.</summary>
    public TensorRows TileColumns(SafetensorsTensor tensor, TensorRows rows) => IsShared && rows.Columns == ValueWidth
        ? new TensorRows.ReorderedColumns(rows, column => (int)Tile(column, _valueSize))
        : throw RowChanges.Wrong(tensor, $"{ValueWidth} columns for {Heads}");

    /// <summary>
    /// Takes the queries, keys and values (part 0) or the gates (part 1) out of rows that have these four for one key head after the other.
    /// </summary>
    public TensorRows Ungroup(SafetensorsTensor tensor, TensorRows rows, int part)
    {
        long values = ValueWidth / _keyHeads;
        long group = (2L * _keySize) + (2 * values);
        if (!IsShared || rows.Count != group * _keyHeads)
        {
            throw RowChanges.Wrong(tensor, $"{2 * (KeyWidth + ValueWidth)} rows for {Heads}");
        }

        long Find(long row, long size, long offset) => (row / size * group) + offset + (row % size);
        return part == 1
            ? new TensorRows.Reordered(rows, ValueWidth, row => Find(row, values, group - values))
            : new TensorRows.Reordered(
                rows,
                (2 * KeyWidth) + ValueWidth,
                row => row < KeyWidth ? Find(row, _keySize, 0)
                    : row < 2 * KeyWidth ? Find(row - KeyWidth, _keySize, _keySize)
                    : Find(row - (2 * KeyWidth), values, 2L * _keySize));
    }

    private string Heads => $"{_valueHeads} value heads that share {_keyHeads} key heads evenly";

    private long Tile(long row, int size)
    {
        long head = row / size;
        long source = (head % _keyHeads * (_valueHeads / _keyHeads)) + (head / _keyHeads);
        return (source * size) + (row % size);
    }
}

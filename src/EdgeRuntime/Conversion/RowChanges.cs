using System;
using System.Linq;
using EdgeRuntime.Safetensors;

namespace EdgeRuntime.Conversion;

/// <summary>Applies <see cref="RowChange"/>s to the rows of tensors.</summary>
/// <param name="config">The configuration of the model.</param>
internal sealed class RowChanges(ModelConfig config)
{
    private DeltaNetChanges? _heads;

    /// <summary>Gets the changes of gated delta nets; their sizes are read at the first of them.</summary>
    private DeltaNetChanges Heads => _heads ??= new DeltaNetChanges(config);

    /// <summary>Applies a change.</summary>
    /// <param name="change">The change.</param>
    /// <param name="tensor">The tensor.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="part">The index of the part, for a tensor that is split.</param>
    /// <param name="parts">The number of parts.</param>
    /// <returns>The rows and the shape of the result.</returns>
    /// <exception cref="ModelFormatException">The shape of the tensor does not allow the change.</exception>
    public (TensorRows Rows, long[] Shape) Apply(RowChange change, SafetensorsTensor tensor, TensorRows rows, int part, int parts)
    {
        long[] shape = tensor.Shape.Length == 0 ? [1] : tensor.Shape;
        return change switch
        {
            RowChange.PermuteQuery => (Permute(tensor, AsColumn(tensor, rows), config.HeadCount), shape),
            RowChange.PermuteKey => (Permute(tensor, AsColumn(tensor, rows), config.KeyHeadCount), shape),
            RowChange.PermuteHeads => (Permute(tensor, AsColumn(tensor, rows), rows.Count / config.HeadSize), shape),
            RowChange.GroupHeads => (GroupHeads(tensor, rows), shape),
            RowChange.SplitPermuted => SplitPermuted(tensor, AsColumn(tensor, rows), part),
            RowChange.SplitGroups => SplitPermuted(tensor, GroupHeads(tensor, rows), part),
            RowChange.Split => Split(tensor, shape, rows, part, parts),
            RowChange.Ternary when shape.Length == 2 => (new TensorRows.Ternary(rows), shape),
            RowChange.Transpose when shape.Length >= 2 =>
                (new TensorRows.Transposed(rows, (int)shape[^2]), [.. shape[..^2], shape[^1], shape[^2]]),
            RowChange.Deal => Deal(
                new TensorRows.OfFile(tensor, tensor.ElementCount, 1), [.. shape[..^1], shape[^1] / parts], tensor, part, parts),
            RowChange.DealTransposed when shape.Length >= 2 => Deal(
                new TensorRows.Transposed(rows, (int)shape[^2]), [.. shape[..^2], shape[^1] / parts, shape[^2]], tensor, part, parts),
            RowChange.SplitLatent => SplitLatent(tensor, rows, part),
            RowChange.Squeeze when shape.Length > 1 => (rows, Squeeze(shape)),
            RowChange.Convolution when shape.Length is 2 or 3 => (rows, [1, shape[0], 1, shape[^1]]),
            RowChange.Column => (AsColumn(tensor, rows), [.. shape, 1]),
            RowChange.NegateExponential => (new TensorRows.NegatedExponential(rows), shape),
            RowChange.NegateExponentialColumn => (new TensorRows.NegatedExponential(AsColumn(tensor, rows)), [.. shape, 1]),
            RowChange.Group => Group(tensor),
            RowChange.SplitExperts or RowChange.TransposeExperts => SplitExperts(tensor, rows, change == RowChange.TransposeExperts),
            RowChange.SkipPadding => SkipPadding(tensor, rows),
            RowChange.PadTokens when shape.Length == 2 => PadTokens(rows),
            RowChange.TransposeSplit when shape.Length >= 2 => Split(
                tensor,
                [.. shape[..^2], shape[^1], shape[^2]],
                new TensorRows.Transposed(rows, checked((int)shape[^2])),
                part,
                parts),
            RowChange.TileValueRows => (Heads.TileRows(tensor, rows), Squeeze(shape)),
            RowChange.TileValueHeads => (Heads.TileHeads(tensor, AsColumn(tensor, rows)), shape),
            RowChange.TileValueRates => (new TensorRows.NegatedExponential(Heads.TileHeads(tensor, AsColumn(tensor, rows))), shape),
            RowChange.TileValueColumns => (Heads.TileColumns(tensor, rows), shape),
            RowChange.UngroupDeltaNet when shape.Length == 2 => Ungroup(tensor, rows, part),
            _ => (rows, shape),
        };
    }

    private static long[] Squeeze(long[] shape) => shape.Length < 2
        ? shape
        : [shape[0], .. shape[1..^1].Where(static size => size != 1), shape[^1]];

    private (TensorRows Rows, long[] Shape) Ungroup(SafetensorsTensor tensor, TensorRows rows, int part)
    {
        TensorRows ungrouped = Heads.Ungroup(tensor, rows, part);
        return (ungrouped, [ungrouped.Count, tensor.Shape[1]]);
    }

    // A vector is permuted as a matrix of one column.
    private static TensorRows AsColumn(SafetensorsTensor tensor, TensorRows rows) =>
        tensor.Shape.Length == 1 ? new TensorRows.OfFile(tensor, tensor.Shape[0], 1) : rows;

    private static TensorRows.Reordered Permute(SafetensorsTensor tensor, TensorRows rows, long heads)
    {
        long size = rows.Count / Math.Max(heads, 1);
        if (heads == 0 || rows.Count % heads != 0 || size % 2 != 0)
        {
            throw Wrong(tensor, $"rows for {heads} heads of an even size");
        }

        return new TensorRows.Reordered(rows, rows.Count, row => (row / size * size) + (row % 2 * (size / 2)) + (row % size / 2));
    }

    /// <summary>
    /// Each group is the queries that share a key head, their key and their value. The result has all queries, then all keys, then all
    /// values.
    /// </summary>
    private TensorRows.Reordered GroupHeads(SafetensorsTensor tensor, TensorRows rows)
    {
        rows = AsColumn(tensor, rows);
        long size = GetHeadSize(tensor, rows);
        int groups = config.KeyHeadCount;
        long queries = config.HeadCount / groups;
        long keyStart = config.HeadCount * size;
        return new TensorRows.Reordered(rows, rows.Count, row =>
        {
            long head = row / size;
            (long group, long place) = row < keyStart ? (head / queries, head % queries)
                : ((head - config.HeadCount) % groups, queries + ((head - config.HeadCount) / groups));
            return (((group * (queries + 2)) + place) * size) + (row % size);
        });
    }

    /// <summary>Takes the queries, the keys or the values of all heads. Those of queries and keys are permuted.</summary>
    private (TensorRows Rows, long[] Shape) SplitPermuted(SafetensorsTensor tensor, TensorRows rows, int part)
    {
        long size = GetHeadSize(tensor, rows);
        int heads = part == 0 ? config.HeadCount : config.KeyHeadCount;
        long first = part == 0 ? 0 : (config.HeadCount + ((part - 1) * config.KeyHeadCount)) * size;
        TensorRows taken = new TensorRows.Reordered(rows, heads * size, row => first + row);
        return (part < 2 ? Permute(tensor, taken, heads) : taken, [heads * size, .. tensor.Shape[1..]]);
    }

    private long GetHeadSize(SafetensorsTensor tensor, TensorRows rows)
    {
        int groups = config.KeyHeadCount;
        long all = config.HeadCount + (2L * groups);
        return groups > 0 && config.HeadCount % groups == 0 && rows.Count % all == 0
            ? rows.Count / all
            : throw Wrong(tensor, $"rows for queries of {config.HeadCount} heads, keys and values of {groups} heads");
    }

    private static (TensorRows Rows, long[] Shape) Split(SafetensorsTensor tensor, long[] shape, TensorRows rows, int part, int parts)
    {
        if (shape.Length < 2 || shape[^2] % parts != 0)
        {
            throw Wrong(tensor, $"matrices that are split into {parts} equal parts");
        }

        long all = shape[^2];
        long each = all / parts;
        var split = new TensorRows.Reordered(rows, rows.Count / parts, row => (row / each * all) + (part * each) + (row % each));
        return (split, [.. shape[..^2], each, shape[^1]]);
    }

    private (TensorRows Rows, long[] Shape) PadTokens(TensorRows rows)
    {
        long count = Math.Max(rows.Count, config.VocabularySize);
        return (new TensorRows.Padded(rows, count), [count, rows.Columns]);
    }

    private static (TensorRows Rows, long[] Shape) Deal(TensorRows rows, long[] shape, SafetensorsTensor tensor, int part, int parts) =>
        tensor.Shape.Length > 0 && tensor.Shape[^1] % parts == 0
            ? (new TensorRows.Reordered(rows, rows.Count / parts, row => (row * parts) + part), shape)
            : throw Wrong(tensor, $"a last dimension that is a multiple of {parts}");

    private (TensorRows Rows, long[] Shape) SplitLatent(SafetensorsTensor tensor, TensorRows rows, int part)
    {
        int heads = config.KeyHeadCount;
        int keys = config.GetPositiveCount("qk_nope_head_dim");
        int values = config.GetPositiveCount("v_head_dim");
        long each = (long)keys + values;
        if (tensor.Shape.Length != 2 || tensor.Shape[0] != heads * each)
        {
            throw Wrong(tensor, $"{heads * each} rows of keys and values for {heads} heads");
        }

        int size = part == 0 ? keys : values;
        int start = part == 0 ? 0 : keys;
        var taken = new TensorRows.Reordered(rows, (long)heads * size, row => (row / size * each) + start + (row % size));
        return part == 0
            ? (new TensorRows.Transposed(taken, keys), [heads, tensor.Shape[1], keys])
            : (taken, [heads, values, tensor.Shape[1]]);
    }

    private (TensorRows Rows, long[] Shape) Group(SafetensorsTensor tensor)
    {
        int groups = config.GetCount("n_groups", "mamba_n_groups");
        if (tensor.Shape.Length != 1 || groups == 0 || tensor.Shape[0] % groups != 0)
        {
            throw Wrong(tensor, $"a vector of {groups} groups");
        }

        long size = tensor.Shape[0] / groups;
        return (new TensorRows.OfFile(tensor, groups, checked((int)size)), [groups, size]);
    }

    private (TensorRows Rows, long[] Shape) SplitExperts(SafetensorsTensor tensor, TensorRows rows, bool transposes)
    {
        int experts = config.ExpertCount;
        if (tensor.Shape.Length != 2 || experts == 0 || tensor.Shape[0] == 0 || tensor.Shape[0] % experts != 0)
        {
            throw Wrong(tensor, $"a matrix of the rows of {experts} experts");
        }

        long each = tensor.Shape[0] / experts;
        return transposes
            ? (new TensorRows.Transposed(rows, checked((int)each)), [experts, tensor.Shape[1], each])
            : (rows, [experts, each, tensor.Shape[1]]);
    }

    private (TensorRows Rows, long[] Shape) SkipPadding(SafetensorsTensor tensor, TensorRows rows)
    {
        int skipped = EncoderFamilies.CountPadding(config);
        if (tensor.Shape.Length != 2 || tensor.Shape[0] <= skipped)
        {
            throw Wrong(tensor, $"a matrix of more than {skipped} rows");
        }

        long left = tensor.Shape[0] - skipped;
        return (new TensorRows.Reordered(rows, left, row => row + skipped), [left, tensor.Shape[1]]);
    }

    /// <summary>Makes the error for a tensor whose shape does not allow a change.</summary>
    public static ModelFormatException Wrong(SafetensorsTensor tensor, string expected) => new(
        tensor.Path,
        -1,
        $"tensor \"{Printable.Shorten(tensor.Name)}\": found the shape {string.Join(" x ", tensor.Shape)}, expected {expected}");
}

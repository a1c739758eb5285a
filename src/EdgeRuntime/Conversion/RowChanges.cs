using System;
using System.Linq;
using EdgeRuntime.Safetensors;

namespace EdgeRuntime.Conversion;

/// <summary>Applies <see cref="RowChange"/>s to the rows of tensors.</summary>
/// <param name="config">The configuration of the model.</param>
internal sealed class RowChanges(ModelConfig config)
{
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
            RowChange.PermuteQuery => (Permute(tensor, rows, config.HeadCount), shape),
            RowChange.PermuteKey => (Permute(tensor, rows, config.KeyHeadCount), shape),
            RowChange.GroupHeads => (GroupHeads(tensor, rows), shape),
            RowChange.Split => Split(tensor, shape, rows, part, parts),
            RowChange.Transpose when shape.Length >= 2 =>
                (new TensorRows.Transposed(rows, (int)shape[^2]), [.. shape[..^2], shape[^1], shape[^2]]),
            RowChange.TransposeSplit when shape.Length >= 2 => Split(
                tensor,
                [.. shape[..^2], shape[^1], shape[^2]],
                new TensorRows.Transposed(rows, checked((int)shape[^2])),
                part,
                parts),
            RowChange.SplitKeyValue => SplitKeyValue(tensor, rows, part),
            RowChange.Convolution when shape.Length is 2 or 3 => (rows, [1, shape[0], 1, shape[^1]]),
            RowChange.Squeeze when shape.Length > 1 => (rows, [shape[0], .. shape[1..^1].Where(static size => size != 1), shape[^1]]),
            RowChange.Column => (AsColumn(tensor, rows), [.. shape, 1]),
            RowChange.NegateExponential => (new TensorRows.NegatedExponential(rows), shape),
            RowChange.NegateExponentialColumn => (new TensorRows.NegatedExponential(AsColumn(tensor, rows)), [.. shape, 1]),
            RowChange.Group => Group(tensor),
            RowChange.SplitExperts or RowChange.TransposeExperts => SplitExperts(tensor, rows, change == RowChange.TransposeExperts),
            RowChange.SkipPadding => SkipPadding(tensor, rows),
            _ => (rows, shape),
        };
    }

    // A vector is permuted as a matrix of one column.
    private static TensorRows AsColumn(SafetensorsTensor tensor, TensorRows rows) =>
        tensor.Shape.Length == 1 ? new TensorRows.OfFile(tensor, tensor.Shape[0], 1) : rows;

    private static TensorRows.Reordered Permute(SafetensorsTensor tensor, TensorRows rows, int heads)
    {
        rows = AsColumn(tensor, rows);
        long size = rows.Count / Math.Max(heads, 1);
        if (heads == 0 || rows.Count % heads != 0 || size % 2 != 0)
        {
            throw Wrong(tensor, $"rows for {heads} heads of an even size");
        }

        return new TensorRows.Reordered(rows, rows.Count, row => (row / size * size) + (row % 2 * (size / 2)) + (row % size / 2));
    }

    private TensorRows.Reordered GroupHeads(SafetensorsTensor tensor, TensorRows rows)
    {
        rows = AsColumn(tensor, rows);
        long width = rows.Count / 3;
        long size = width / config.HeadCount;
        if (rows.Count % 3 != 0 || width % config.HeadCount != 0)
        {
            throw Wrong(tensor, $"rows for queries, keys and values of {config.HeadCount} heads");
        }

        return new TensorRows.Reordered(
            rows, rows.Count, row => (row % width / size * 3 * size) + (row / width * size) + (row % width % size));
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

    private (TensorRows Rows, long[] Shape) SplitKeyValue(SafetensorsTensor tensor, TensorRows rows, int part)
    {
        int key = config.GetPositiveCount("qk_nope_head_dim");
        int value = config.GetPositiveCount("v_head_dim");
        long each = (long)key + value;
        if (tensor.Shape.Length != 2 || tensor.Shape[0] == 0 || tensor.Shape[0] % each != 0)
        {
            throw Wrong(tensor, $"{key} rows for keys and {value} for values of each head");
        }

        long heads = tensor.Shape[0] / each;
        long count = part == 0 ? key : value;
        long skipped = part == 0 ? 0 : key;
        var taken = new TensorRows.Reordered(rows, heads * count, row => (row / count * each) + skipped + (row % count));
        return part == 0
            ? (new TensorRows.Transposed(taken, key), [heads, tensor.Shape[1], key])
            : (taken, [heads, value, tensor.Shape[1]]);
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

    private static ModelFormatException Wrong(SafetensorsTensor tensor, string expected) => new(
        tensor.Path,
        -1,
        $"tensor \"{Printable.Shorten(tensor.Name)}\": found the shape {string.Join(" x ", tensor.Shape)}, expected {expected}");
}

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
            RowChange.PermuteQuery => (Permute(tensor, rows, config.HeadCount), shape),
            RowChange.PermuteKey => (Permute(tensor, rows, config.KeyHeadCount), shape),
            RowChange.GroupHeads => (GroupHeads(tensor, rows), shape),
            RowChange.Split => Split(tensor, rows, part, parts),
            RowChange.Transpose when shape.Length >= 2 =>
                (new TensorRows.Transposed(rows, (int)shape[^2]), [.. shape[..^2], shape[^1], shape[^2]]),
            RowChange.Deal => Deal(
                new TensorRows.OfFile(tensor, tensor.ElementCount, 1), [.. shape[..^1], shape[^1] / parts], tensor, part, parts),
            RowChange.DealTransposed when shape.Length >= 2 => Deal(
                new TensorRows.Transposed(rows, (int)shape[^2]), [.. shape[..^2], shape[^1] / parts, shape[^2]], tensor, part, parts),
            RowChange.SplitLatent => SplitLatent(tensor, rows, part),
            RowChange.Squeeze when shape.Length > 1 => (rows, Squeeze(shape)),
            RowChange.Column => (AsColumn(tensor, rows), [.. shape, 1]),
            RowChange.NegateExponential => (new TensorRows.NegatedExponential(rows), shape),
            RowChange.NegateExponentialColumn => (new TensorRows.NegatedExponential(AsColumn(tensor, rows)), [.. shape, 1]),
            RowChange.Group => Group(tensor),
            RowChange.SplitExperts or RowChange.TransposeExperts => SplitExperts(tensor, rows, change == RowChange.TransposeExperts),
            RowChange.SkipPadding => SkipPadding(tensor, rows),
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

    private static (TensorRows Rows, long[] Shape) Split(SafetensorsTensor tensor, TensorRows rows, int part, int parts)
    {
        if (tensor.Shape.Length < 2 || tensor.Shape[^2] % parts != 0)
        {
            throw Wrong(tensor, $"a matrix of {parts} parts of as many rows");
        }

        long all = tensor.Shape[^2];
        long each = all / parts;
        var split = new TensorRows.Reordered(rows, rows.Count / parts, row => (row / each * all) + (part * each) + (row % each));
        return (split, [.. tensor.Shape[..^2], each, tensor.Shape[^1]]);
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

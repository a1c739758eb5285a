using System;
using System.Collections.Generic;
using EdgeRuntime.Gguf;
using EdgeRuntime.Onnx.Graph;
using EdgeRuntime.Onnx.Packing;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Onnx.Translation;

/// <summary>
/// Translates products with weights, and look-ups of their rows. Quantized types are read by MatMulNBits and GatherBlockQuantized.
/// Types with minima add offsets: y = MatMulNBits(x) + sums(x) Offsets, where sums(x) are the sums of x over blocks.
/// </summary>
internal sealed class MatrixNodes(GraphContext context)
{
    private readonly Dictionary<(string X, int Block), string> _sums = [];

    private OnnxGraph Graph => context.Graph;

    /// <summary>Adds scale * (W x) + bias.</summary>
    /// <param name="projection">The weights, bound and not packed.</param>
    /// <param name="x">[batch, tokens, columns], or [rows, columns].</param>
    /// <param name="isRows">Whether x has two dimensions.</param>
    public string Multiply(Projection projection, string x, bool isRows = false)
    {
        MatrixLoader loader = projection.Loader
            ?? throw new InvalidOperationException("a matrix is packed for the processor and has lost its source");
        string y = context.Model.FindPacked(loader.Tensor, loader.FirstRow, projection.Rows) is { } packed
            ? MultiplyPacked(packed, loader, projection, x, isRows)
            : MultiplyFloats(loader, projection, x);
        y = context.Scale(y, projection.Scale);
        return projection.Bias is null
            ? y
            : context.Binary("Add", y, context.Table($"{loader.Name}.bias", projection.Bias, projection.Rows));
    }

    /// <summary>Adds a look-up of rows.</summary>
    /// <param name="table">[rows, columns].</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="ids">int64 [batch, tokens].</param>
    public string LookUp(GgufTensor table, int rows, string ids)
    {
        if (!context.Profile.LooksUpQuantizedRows || context.Model.FindPacked(table, 0, rows) is not { } packed)
        {
            FloatMatrixPart part = context.Model.GetFloats(table, 0, rows, isTransposed: false);
            string floats = Graph.Constant(table.Name, part.Kind, part.Range, rows, table.Columns);
            return Cast(Graph.Add("Gather", [floats, ids]), part.Kind);
        }

        int rowBytes = packed.Form.RowBytes((int)table.Columns);
        string stored = Graph.Constant($"{table.Name}.rows", ElementKind.UInt8, packed.Stored, rows, rowBytes);
        string x = Graph.Add(
            "GatherBlockQuantized",
            [stored, ids, Scales(packed, table.Name, rows)],
            OnnxAttribute.Of("bits", (long)packed.Form.Bits),
            OnnxAttribute.Of("block_size", (long)packed.Form.Block),
            OnnxAttribute.Of("gather_axis", 0L),
            OnnxAttribute.Of("quantize_axis", 1L));
        return packed.Offsets is null ? x : AddOffsetsOfRows(packed, table, rows, x, ids);
    }

    private string AddOffsetsOfRows(PackedMatrixPart packed, GgufTensor table, int rows, string x, string ids)
    {
        string offsets = Graph.Add("Gather", [Offsets(packed, table.Name, rows), ids], OnnxAttribute.Of("axis", 1L));
        offsets = Graph.Add("Transpose", [offsets], OnnxAttribute.Of("perm", [1L, 2L, 0L]));
        offsets = Graph.Add("Unsqueeze", [offsets, Graph.Integers(3)]);
        string blocks = context.Reshape(x, 0, 0, packed.Blocks, packed.Form.Block);
        return context.Reshape(context.Binary("Add", blocks, offsets), 0, 0, -1);
    }

    private string MultiplyPacked(PackedMatrixPart packed, MatrixLoader loader, Projection projection, string x, bool isRows)
    {
        PackedForm form = packed.Form;
        int rows = projection.Rows;
        int blockBytes = form.RowBytes(form.Block);
        string stored = Graph.Constant(
            $"{loader.Name}.stored", ElementKind.UInt8, packed.Stored, rows, packed.Blocks, blockBytes);
        List<string> inputs = [x, stored, Scales(packed, loader.Name, rows)];
        if (context.Profile.NamesZeroPoints)
        {
            inputs.Add(ZeroPoints(form, rows, packed.Blocks));
        }

        string y = Graph.Add(
            "MatMulNBits",
            [.. inputs],
            OnnxAttribute.Of("K", (long)projection.Columns),
            OnnxAttribute.Of("N", (long)rows),
            OnnxAttribute.Of("bits", (long)form.Bits),
            OnnxAttribute.Of("block_size", (long)form.Block),
            OnnxAttribute.Of("accuracy_level", (long)context.Profile.AccuracyLevel));
        return packed.Offsets is null
            ? y
            : context.Binary("Add", y, Graph.Add("MatMul", [Sums(x, packed, isRows), Offsets(packed, loader.Name, rows)]));
    }

    /// <summary>Adds the sums of blocks, once for all products that read the same activations in the same blocks.</summary>
    private string Sums(string x, PackedMatrixPart packed, bool isRows)
    {
        if (!_sums.TryGetValue((x, packed.Form.Block), out string? sums))
        {
            string blocks = isRows
                ? context.Reshape(x, 0, packed.Blocks, packed.Form.Block)
                : context.Reshape(x, 0, 0, packed.Blocks, packed.Form.Block);
            sums = Graph.Add("ReduceSum", [blocks, Graph.Integers(-1)], OnnxAttribute.Of("keepdims", 0L));
            _sums.Add((x, packed.Form.Block), sums);
        }

        return sums;
    }

    private string MultiplyFloats(MatrixLoader loader, Projection projection, string x)
    {
        FloatMatrixPart part = context.Model.GetFloats(loader.Tensor, loader.FirstRow, projection.Rows, isTransposed: true);
        string weights = Graph.Constant($"{loader.Name}.transposed", part.Kind, part.Range, projection.Columns, projection.Rows);
        return Graph.Add("MatMul", [x, Cast(weights, part.Kind)]);
    }

    private string Cast(string x, ElementKind kind) => kind == context.Floats ? x : context.ToFloats(x);

    private string Scales(PackedMatrixPart packed, string name, int rows) =>
        Graph.Constant($"{name}.scales", context.Floats, packed.Scales, rows, packed.Blocks);

    private string Offsets(PackedMatrixPart packed, string name, int rows) =>
        Graph.Constant($"{name}.offsets", context.Floats, packed.Offsets!.Value, packed.Blocks, rows);

    private string ZeroPoints(PackedForm form, int rows, int blocks)
    {
        int rowBytes = ((blocks * form.Bits) + 7) / 8;
        long length = (long)rows * rowBytes;
        ValuesPart part = context.Model.Data.Get(
            ("zero points", form.Bits, rows, blocks),
            () => new ValuesPart(context.Model.Data.Reserve(length), () => Fill(form.ZeroPointByte, length)));
        return Graph.Constant($"zero-points[{form.Bits},{rows},{blocks}]", ElementKind.UInt8, part.Range, rows, rowBytes);
    }

    private static byte[] Fill(byte value, long length)
    {
        byte[] bytes = new byte[length];
        Array.Fill(bytes, value);
        return bytes;
    }
}

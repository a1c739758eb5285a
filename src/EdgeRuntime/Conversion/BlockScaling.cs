using System;
using System.Linq;
using EdgeRuntime.Json;
using EdgeRuntime.Safetensors;

namespace EdgeRuntime.Conversion;

/// <summary>
/// Reads tensors of a model that its publisher quantized to 8-bit floats (<c>quantization_config</c> with the method fp8): each matrix has
/// a tensor of scales beside it.
/// </summary>
internal sealed class BlockScaling
{
    private const string ScaleEnd = "_scale_inv";

    private readonly SafetensorsModel _model;
    private readonly bool _isScaled;
    private readonly string[] _scaleEnds = [];
    private readonly int[] _block = [];

    /// <exception cref="UnsupportedModelException">The model is quantized by another method.</exception>
    public BlockScaling(ModelConfig config, SafetensorsModel model)
    {
        _model = model;
        JsonField quantization = config.Find("quantization_config");
        if (!quantization.Exists)
        {
            return;
        }

        string method = quantization["quant_method"].FindText() ?? "none";
        if (method == FourBitRows.Method)
        {
            _scaleEnds = [FourBitRows.ScaleEnd];
            return;
        }

        if (method != "fp8")
        {
            throw new UnsupportedModelException(
                $"{config.File}: the model is quantized by \"{Printable.Shorten(method)}\", which is not read; take a model that is not "
                + "quantized, or quantized by fp8 or mxfp4");
        }

        _scaleEnds = [ScaleEnd, "_activation_scale", ".activation_scale"];

        _isScaled = true;
        _block = [.. quantization["weight_block_size"].Elements().Select(static size => size.GetCount(1 << 20))];
        if (_block.Length is not (0 or 2) || _block.Contains(0))
        {
            throw quantization["weight_block_size"].Wrong("the rows and columns of a block");
        }
    }

    /// <summary>Gets whether a tensor is the scales of another one.</summary>
    public bool IsScale(string name) =>
        _scaleEnds.Any(end => name.EndsWith(end, StringComparison.Ordinal));

    /// <summary>Gets the rows of a tensor, with its scales applied. A vector is one row.</summary>
    /// <exception cref="ModelFormatException">The scales do not fit the tensor.</exception>
    public TensorRows Read(SafetensorsTensor tensor)
    {
        int columns = tensor.Shape.Length == 0 ? 1 : checked((int)tensor.Shape[^1]);
        var rows = new TensorRows.OfFile(tensor, tensor.ElementCount / columns, columns);
        if (!_isScaled || _model.Find(tensor.Name + ScaleEnd) is not { } scale)
        {
            return rows;
        }

        (long blockRows, int blockColumns) = scale.ElementCount == 1 || _block.Length == 0 ? (rows.Count, columns) : (_block[0], _block[1]);
        long expected = (rows.Count + blockRows - 1) / blockRows * ((columns + blockColumns - 1) / blockColumns);
        if (scale.ElementCount != expected || tensor.Shape.Length != 2)
        {
            throw new ModelFormatException(
                scale.Path,
                -1,
                $"tensor \"{Printable.Shorten(scale.Name)}\": found {scale.ElementCount} scales, expected {expected} for a matrix of "
                + $"{rows.Count} x {columns}");
        }

        var scales = new float[expected];
        scale.Read(0, scales);
        return new TensorRows.Scaled(rows, scales, blockRows, blockColumns);
    }
}

using System;
using System.Linq;
using EdgeRuntime.Formats;
using EdgeRuntime.Safetensors;

namespace EdgeRuntime.Conversion;

/// <summary>
/// Rows of 4-bit floats in blocks of 32 with one scale (MXFP4), as gpt-oss is published: the quants and the scales are tensors of bytes.
/// The numbers stay as they are; only the bytes get the order of a GGUF file.
/// </summary>
internal sealed class FourBitRows : TensorRows.OfBlocks
{
    /// <summary>The name of the method in <c>quantization_config</c>.</summary>
    public const string Method = "mxfp4";

    /// <summary>The end of the name of the tensor of scales.</summary>
    public const string ScaleEnd = "_scales";

    private const string BlocksEnd = "_blocks";
    private const int BlockWeights = 32;
    private const int QuantBytes = BlockWeights / 2;

    private readonly SafetensorsTensor _quants;
    private readonly SafetensorsTensor _scales;
    private readonly int _part;
    private readonly int _parts;
    private byte[] _quantBytes = [];
    private byte[] _scaleBytes = [];

    private FourBitRows(SafetensorsTensor quants, SafetensorsTensor scales, int part, int parts, int columns)
        : base(TensorType.MXFP4, scales.ElementCount * BlockWeights / columns / parts, columns)
    {
        (_quants, _scales, _part, _parts) = (quants, scales, part, parts);
    }

    /// <summary>Gets the rows of one of several matrices whose rows take turns.</summary>
    /// <param name="quants">The tensor of quants: [experts * rows * blocks * 16].</param>
    /// <param name="model">The model, which has the tensor of scales: [experts * rows * blocks].</param>
    /// <param name="part">The index of the matrix.</param>
    /// <param name="parts">The number of matrices.</param>
    /// <exception cref="ModelFormatException">The shape of the tensor is another one, or the scales do not fit it.</exception>
    public static (TensorRows Rows, long[] Shape) Read(SafetensorsTensor quants, SafetensorsModel model, int part, int parts)
    {
        long[] shape = quants.Shape;
        if (shape.Length != 4 || shape[^1] != QuantBytes || shape[1] % parts != 0 || shape[2] is 0 or > int.MaxValue / BlockWeights
            || quants.Type != SafetensorsType.U8)
        {
            throw RowChanges.Wrong(quants, $"experts x rows x blocks x {QuantBytes} bytes, rows of {parts} matrices");
        }

        string name = quants.Name.EndsWith(BlocksEnd, StringComparison.Ordinal) ? quants.Name[..^BlocksEnd.Length] : quants.Name;
        if (model.Find(name + ScaleEnd) is not { Type: SafetensorsType.U8 } scales
            || !scales.Shape.AsSpan().SequenceEqual(shape.AsSpan(..^1)))
        {
            throw new ModelFormatException(
                quants.Path, -1, $"tensor \"{Printable.Shorten(quants.Name)}\" has no scales of its shape, expected a byte for each block");
        }

        int columns = (int)shape[2] * BlockWeights;
        return (new FourBitRows(quants, scales, part, parts, columns), [shape[0], shape[1] / parts, columns]);
    }

    /// <inheritdoc/>
    public override void ReadBlocks(long first, Span<byte> bytes)
    {
        int blocks = Columns / BlockWeights; // of a row
        int rowBytes = blocks * (1 + QuantBytes);
        if (_scaleBytes.Length < blocks)
        {
            _quantBytes = new byte[blocks * QuantBytes];
            _scaleBytes = new byte[blocks];
        }

        for (int row = 0; row < bytes.Length / rowBytes; row++)
        {
            long block = (((first + row) * _parts) + _part) * blocks;
            _quants.ReadBytes(block * QuantBytes, _quantBytes);
            _scales.ReadBytes(block, _scaleBytes);
            for (int i = 0; i < blocks; i++)
            {
                Span<byte> target = bytes.Slice((row * rowBytes) + (i * (1 + QuantBytes)), 1 + QuantBytes);
                target[0] = _scaleBytes[i];
                Interleave(_quantBytes.AsSpan(i * QuantBytes, QuantBytes), target[1..]);
            }
        }
    }

    /// <summary>
    /// Orders the quants of a block. Two neighbors share a byte in the source; in a GGUF file weight i shares one with weight i + 16.
    /// </summary>
    private static void Interleave(ReadOnlySpan<byte> source, Span<byte> target)
    {
        for (int i = 0; i < QuantBytes; i++)
        {
            int shift = i % 2 * 4;
            int low = (source[i / 2] >> shift) & 15;
            int high = (source[(i / 2) + (QuantBytes / 2)] >> shift) & 15;
            target[i] = (byte)(low | (high << 4));
        }
    }
}

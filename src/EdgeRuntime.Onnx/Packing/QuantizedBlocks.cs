using System;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Onnx.Packing;

/// <summary>
/// Splits the blocks of a quantized tensor type into integers, scales and minima, exactly: weight = scale * integer + minimum, with a scale
/// and a minimum per group of weights.
/// </summary>
internal sealed class QuantizedBlocks
{
    private readonly TensorFormat _format;
    private readonly QuantShape _shape;
    private readonly int[] _integers;

    /// <param name="format">A type whose blocks consist of quants and scales.</param>
    public QuantizedBlocks(TensorFormat format)
    {
        _format = format;
        _shape = format.Shape ?? throw new ArgumentException($"{format.Type} has no quants", nameof(format));
        Group = GroupOf(_shape.Scales);
        HasMinima = _shape.Scales is ScaleKind.HalfAndMin or ScaleKind.SuperBlockMins or ScaleKind.NibbleMins16;
        _integers = new int[1 << _shape.Bits];
        for (int quant = 0; quant < _integers.Length; quant++)
        {
            _integers[quant] = IntegerOf(quant);
        }

        (Least, Greatest) = Range();
    }

    /// <summary>Gets the number of weights with the same scale.</summary>
    public int Group { get; }

    /// <summary>Gets whether weights have minima.</summary>
    public bool HasMinima { get; }

    /// <summary>Gets the least integer.</summary>
    public int Least { get; }

    /// <summary>Gets the greatest integer.</summary>
    public int Greatest { get; }

    /// <summary>Splits a block.</summary>
    /// <param name="block">The bytes of one block.</param>
    /// <param name="integers">Receives an integer per weight.</param>
    /// <param name="scales">Receives a scale per group.</param>
    /// <param name="minima">Receives a minimum per group; 0 without minima.</param>
    public void Split(ReadOnlySpan<byte> block, Span<short> integers, Span<float> scales, Span<float> minima)
    {
        Span<byte> quants = stackalloc byte[_format.BlockWeights];
        BlockScales fields = default;
        _format.Decompose(block, quants, ref fields);
        for (int k = 0; k < quants.Length; k++)
        {
            integers[k] = (short)_integers[quants[k]];
        }

        AddShifts(fields, integers);
        float d = HalfBits.ToSingle(fields.D);
        float min = HasMinima ? HalfBits.ToSingle(fields.Min) : 0;
        for (int group = 0; group < scales.Length; group++)
        {
            scales[group] = ScaleOf(fields, d, group) * _shape.Code.Unit;
            minima[group] = MinimumOf(fields, min, group);
        }
    }

    private static int GroupOf(ScaleKind kind) => kind switch
    {
        ScaleKind.Half64 => 64,
        ScaleKind.Half128 => 128,
        ScaleKind.Half256 => 256,
        ScaleKind.SuperBlock16 or ScaleKind.Nibbles16 or ScaleKind.Nibbles16Shifts or ScaleKind.NibbleMins16 or ScaleKind.MiniFloat16 => 16,
        _ => 32,
    };

    private int IntegerOf(int quant)
    {
        int level = _shape.Code.Level(quant);
        return _shape.Scales switch
        {
            ScaleKind.Eighths => 8 * level,
            ScaleKind.Nibbles16Shifts => (8 * level) - _shape.Code.Offset,
            _ => level - _shape.Code.Offset,
        };
    }

    /// <summary>Adds what a group of weights shifts its levels by.</summary>
    private void AddShifts(in BlockScales fields, Span<short> integers)
    {
        if (_shape.Scales is not (ScaleKind.Eighths or ScaleKind.Nibbles16Shifts))
        {
            return;
        }

        for (int k = 0; k < integers.Length; k++)
        {
            integers[k] += _shape.Scales == ScaleKind.Eighths
                ? (short)-(fields.SubBlocks[k / Group] >> 4)
                : (short)((fields.Shifts >> (k / 8)) & 1) is not 0 ? (short)2 : (short)0;
        }
    }

    private (int Least, int Greatest) Range()
    {
        int least = int.MaxValue;
        int greatest = int.MinValue;
        foreach (int integer in _integers)
        {
            least = Math.Min(least, integer);
            greatest = Math.Max(greatest, integer);
        }

        return _shape.Scales switch
        {
            ScaleKind.Eighths => (least - 15, greatest),
            ScaleKind.Nibbles16Shifts => (least, greatest + 2),
            _ => (least, greatest),
        };
    }

    private float ScaleOf(in BlockScales fields, float d, int group) => _shape.Scales switch
    {
        ScaleKind.SuperBlockMins => d * fields.SubBlocks[group],
        ScaleKind.SuperBlock16 or ScaleKind.SuperBlock32 => d * (sbyte)fields.SubBlocks[group],
        ScaleKind.Nibbles16 or ScaleKind.Nibbles16Shifts or ScaleKind.Nibbles32 => d * ((2 * fields.SubBlocks[group]) + 1),
        ScaleKind.NibbleMins16 => d * (fields.SubBlocks[group] & 15),
        ScaleKind.Eighths => d * (fields.SubBlocks[group] & 15) / 8,
        ScaleKind.Exponent => MathF.ScaleB(1, fields.SubBlocks[group] - 127),
        ScaleKind.MiniFloat16 => UnsignedFloat8.ToSingle(fields.SubBlocks[group]),
        _ => d,
    };

    private float MinimumOf(in BlockScales fields, float min, int group) => _shape.Scales switch
    {
        ScaleKind.HalfAndMin => min,
        ScaleKind.SuperBlockMins => -min * fields.SubBlocks[8 + group],
        ScaleKind.NibbleMins16 => -min * (fields.SubBlocks[group] >> 4),
        _ => 0,
    };
}

namespace EdgeRuntime.Formats;

/// <summary>How a quantized format keeps its scales, beside the quants.</summary>
internal enum ScaleKind
{
    /// <summary>f16 d for 32 weights: weight = d * (q - offset).</summary>
    Half,

    /// <summary>f16 d and f16 m for 32 weights: weight = d * q + m.</summary>
    HalfAndMin,

    /// <summary>f16 d and dmin for 256 weights, unsigned 6-bit sc and m for 32: weight = (d * sc) * q - dmin * m.</summary>
    SuperBlockMins,

    /// <summary>f16 d for 256 weights, signed 8-bit sc for 16: weight = (d * sc) * (q - offset).</summary>
    SuperBlock16,

    /// <summary>f16 d for 256 weights, signed 8-bit sc for 32: weight = (d * sc) * (q - offset).</summary>
    SuperBlock32,
}

/// <summary>How the bits of a quant stand for its value q.</summary>
internal enum QuantCode
{
    /// <summary>As an unsigned number.</summary>
    Linear,

    /// <summary>As a place in <see cref="NonLinear4.Values"/>, which are 128 lower than q.</summary>
    NonLinear4,
}

/// <summary>What kernels must know of a quantized format.</summary>
/// <param name="Bits">Bits of a quant: 4, 5, 6 or 8.</param>
/// <param name="Scales">How the scales are kept.</param>
/// <param name="Offset">Subtracted from the quant's value, which is unsigned; 0 for formats with minima.</param>
/// <param name="Code">How its bits stand for its value.</param>
internal readonly record struct QuantShape(int Bits, ScaleKind Scales, int Offset, QuantCode Code = QuantCode.Linear)
{
    /// <summary>Greatest value of a quant.</summary>
    public int MaxQuant => Code == QuantCode.NonLinear4 ? byte.MaxValue : (1 << Bits) - 1;
}

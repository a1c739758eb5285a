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
}

/// <summary>What kernels must know of a quantized format.</summary>
/// <param name="Bits">Bits of a quant: 4, 5, 6 or 8. Quants are unsigned.</param>
/// <param name="Scales">How the scales are kept.</param>
/// <param name="Offset">Subtracted from the unsigned quant; 0 for formats with minima.</param>
internal readonly record struct QuantShape(int Bits, ScaleKind Scales, int Offset);

namespace EdgeRuntime.Formats;

/// <summary>
/// The ways in which quantized formats store their scales: the fields of <see cref="BlockScales"/> that are in use, and the formula of a
/// weight.
/// </summary>
internal enum ScaleKind
{
    /// <summary>f16 d per 32 weights: weight = d * (q - offset).</summary>
    Half,

    /// <summary>f16 d per 64 weights: weight = d * (q - offset).</summary>
    Half64,

    /// <summary>f16 d per 128 weights: weight = d * (q - offset).</summary>
    Half128,

    /// <summary>f16 d per 256 weights: weight = d * (q - offset).</summary>
    Half256,

    /// <summary>f16 d and f16 m per 32 weights: weight = d * q + m.</summary>
    HalfAndMin,

    /// <summary>
    /// f16 d and dmin per 256 weights, unsigned 6-bit sc and m per 32: weight = (d * sc) * q - dmin * m. SubBlocks: 8 sc, then 8 m.
    /// </summary>
    SuperBlockMins,

    /// <summary>f16 d per 256 weights, signed 8-bit sc per 16: weight = (d * sc) * (q - offset). SubBlocks: 16 sc.</summary>
    SuperBlock16,

    /// <summary>f16 d per 256 weights, signed 8-bit sc per 32: weight = (d * sc) * (q - offset). SubBlocks: 8 sc.</summary>
    SuperBlock32,

    /// <summary>f16 d per 256 weights, 4-bit sc per 16: weight = d * (2 sc + 1) * unit * (q - offset). SubBlocks: 16 sc.</summary>
    Nibbles16,

    /// <summary>Like <see cref="Nibbles16"/>, with the level 8 q, or 8 q + 2 if the bit of the 8 weights in Shifts is set.</summary>
    Nibbles16Shifts,

    /// <summary>f16 d per 256 weights, 4-bit sc per 32: weight = d * (2 sc + 1) * unit * (q - offset). SubBlocks: 8 sc.</summary>
    Nibbles32,

    /// <summary>
    /// f16 d and dmin per 256 weights, 4-bit sc and m per 16: weight = (d * sc) * q - dmin * m. SubBlocks: 16 bytes, sc in the low nibble
    /// and m in the high nibble.
    /// </summary>
    NibbleMins16,

    /// <summary>
    /// f16 d per 256 weights, 4-bit sc and e (7 or 9) per 32: weight = d * sc * (q - e / 8). SubBlocks: 8 bytes, sc in the low nibble and e
    /// in the high nibble.
    /// </summary>
    Eighths,

    /// <summary>8-bit exponent e per 32 weights: weight = 2^(e - 127) * unit * (q - offset); 255 is NaN. SubBlocks: e.</summary>
    Exponent,

    /// <summary>
    /// 8-bit float d (<see cref="UnsignedFloat8"/>, never NaN) per 16 of 64 weights: weight = d * unit * (q - offset). SubBlocks: 4 d.
    /// </summary>
    MiniFloat16,
}

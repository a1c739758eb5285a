namespace EdgeRuntime.Formats;

/// <summary>
/// How a quantized format keeps its scales, beside the quants: what <see cref="BlockScales"/> gets of a block, and what it means.
/// </summary>
internal enum ScaleKind
{
    /// <summary>f16 d for 32 weights: weight = d * (q - offset).</summary>
    Half,

    /// <summary>The same for 64 weights.</summary>
    Half64,

    /// <summary>The same for 128 weights.</summary>
    Half128,

    /// <summary>The same for 256 weights.</summary>
    Half256,

    /// <summary>f16 d and f16 m for 32 weights: weight = d * q + m.</summary>
    HalfAndMin,

    /// <summary>
    /// f16 d and dmin for 256 weights, unsigned 6-bit sc and m for 32: weight = (d * sc) * q - dmin * m. SubBlocks: 8 sc, 8 m.
    /// </summary>
    SuperBlockMins,

    /// <summary>f16 d for 256 weights, signed 8-bit sc for 16: weight = (d * sc) * (q - offset). SubBlocks: 16 sc.</summary>
    SuperBlock16,

    /// <summary>f16 d for 256 weights, signed 8-bit sc for 32: weight = (d * sc) * (q - offset). SubBlocks: 8 sc.</summary>
    SuperBlock32,

    /// <summary>f16 d for 256 weights, 4-bit sc for 16: weight = d * (2 sc + 1) * unit * (q - offset). SubBlocks: 16 sc.</summary>
    Nibbles16,

    /// <summary>As <see cref="Nibbles16"/>, with levels 8 q, or 8 q + 2 where a bit of Shifts says so, one for each 8 weights.</summary>
    Nibbles16Shifts,

    /// <summary>f16 d for 256 weights, 4-bit sc for 32: weight = d * (2 sc + 1) * unit * (q - offset). SubBlocks: 8 sc.</summary>
    Nibbles32,

    /// <summary>
    /// f16 d and dmin for 256 weights, 4-bit sc and m for 16: weight = (d * sc) * q - dmin * m. SubBlocks: 16 times sc, and m in the high
    /// nibble.
    /// </summary>
    NibbleMins16,

    /// <summary>
    /// f16 d for 256 weights, 4-bit sc and e of 7 or 9 for 32: weight = d * sc * (q - e / 8). SubBlocks: 8 times sc, and e in the high
    /// nibble.
    /// </summary>
    Eighths,

    /// <summary>8-bit exponent e for 32 weights: weight = 2^(e - 127) * unit * (q - offset); 255 is NaN. SubBlocks: e.</summary>
    Exponent,

    /// <summary>
    /// 8-bit float d (<see cref="UnsignedFloat8"/>, never NaN) for 16 of 64 weights: weight = d * unit * (q - offset). SubBlocks: 4 d.
    /// </summary>
    MiniFloat16,
}

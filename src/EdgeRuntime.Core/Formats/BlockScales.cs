namespace EdgeRuntime.Formats;

/// <summary>The scales of one block. <see cref="ScaleKind"/> tells which fields are in use.</summary>
internal struct BlockScales
{
    /// <summary>The float16 bits of d.</summary>
    public ushort D;

    /// <summary>The float16 bits of m or dmin.</summary>
    public ushort Min;

    /// <summary>The one-byte values of the sub-blocks; their meaning depends on the kind.</summary>
    public Bytes16 SubBlocks;

    /// <summary>Bit i: columns 8 i..8 i + 7 are shifted up.</summary>
    public uint Shifts;
}

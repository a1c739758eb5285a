namespace EdgeRuntime.Formats;

/// <summary>The scales of one block, taken out of it; see <see cref="ScaleKind"/> for which fields are used.</summary>
internal struct BlockScales
{
    /// <summary>f16 bits of d.</summary>
    public ushort D;

    /// <summary>f16 bits of m or dmin.</summary>
    public ushort Min;

    /// <summary>What the kind keeps a byte each of.</summary>
    public Bytes16 SubBlocks;

    /// <summary>Bit i: columns 8 i .. 8 i + 7 are shifted.</summary>
    public uint Shifts;
}

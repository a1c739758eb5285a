namespace EdgeRuntime.Formats;

/// <summary>The scales of one block, taken out of it; see <see cref="ScaleKind"/> for which fields are used.</summary>
internal struct BlockScales
{
    /// <summary>f16 bits of d.</summary>
    public ushort D;

    /// <summary>f16 bits of m or dmin.</summary>
    public ushort Min;

    /// <summary>SuperBlockMins: 8 unsigned scales and then 8 unsigned minima. SuperBlock16: 16 signed scales. SuperBlock32: 8 signed scales.</summary>
    public Bytes16 SubBlocks;
}

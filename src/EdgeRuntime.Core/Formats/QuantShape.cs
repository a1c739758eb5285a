namespace EdgeRuntime.Formats;

/// <summary>The properties of a quantized format that kernels depend on.</summary>
/// <param name="Code">The code that maps the bits of a quant to a number.</param>
/// <param name="Scales">The kind of scales.</param>
internal readonly record struct QuantShape(QuantCode Code, ScaleKind Scales)
{
    /// <summary>Gets the number of bits per quant.</summary>
    public int Bits => Code.Bits;

    /// <summary>Creates the shape of a code and a kind of scales.</summary>
    public static QuantShape Of<TCode>(ScaleKind scales)
        where TCode : unmanaged, IQuantCode => new(QuantCode.Of<TCode>(), scales);
}

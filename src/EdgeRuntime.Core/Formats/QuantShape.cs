namespace EdgeRuntime.Formats;

/// <summary>What kernels must know of a quantized format.</summary>
/// <param name="Code">How the bits of a quant stand for a number.</param>
/// <param name="Scales">How the scales are kept.</param>
internal readonly record struct QuantShape(QuantCode Code, ScaleKind Scales)
{
    /// <summary>Bits of a quant.</summary>
    public int Bits => Code.Bits;

    /// <summary>The shape with a code.</summary>
    public static QuantShape Of<TCode>(ScaleKind scales)
        where TCode : unmanaged, IQuantCode => new(QuantCode.Of<TCode>(), scales);
}

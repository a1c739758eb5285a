
namespace EdgeRuntime.Onnx;

/// <summary>Describes how a model is exported.</summary>
public sealed record OnnxExportOptions
{
    /// <summary>Gets the profile of the device that will run the model.</summary>
    public OnnxProfile Profile { get; init; } = OnnxProfile.Cpu;

    /// <summary>
    /// Gets the greatest number of positions of a sequence; null for that of the model. The folder holds the rotations of all positions.
    /// </summary>
    public int? ContextLength { get; init; }

    /// <summary>
    /// Gets the type, for example <c>Q4_0</c>, to which tensors are quantized whose own type the device cannot read exactly; null to refuse
    /// a model with such tensors.
    /// </summary>
    public string? Requantize { get; init; }
}

namespace EdgeRuntime.Onnx;

/// <summary>A tensor whose type a device cannot read exactly, and which was quantized to another type.</summary>
/// <param name="Name">The name of the tensor.</param>
/// <param name="SourceType">The type in the GGUF file, for example <c>Q6_K</c>.</param>
/// <param name="TargetType">The type that was made of it, for example <c>Q4_0</c>.</param>
/// <param name="Error">The root of the mean squared error, divided by the root of the mean square of the weights.</param>
public sealed record RequantizedTensor(string Name, string SourceType, string TargetType, double Error);

using EdgeRuntime.Formats;

namespace EdgeRuntime.Conversion;

/// <summary>Describes a converted model.</summary>
/// <param name="Architecture">The architecture in the GGUF file.</param>
/// <param name="Type">The type of the matrices.</param>
/// <param name="TensorCount">The number of tensors.</param>
/// <param name="ParameterCount">The number of parameters.</param>
/// <param name="ByteLength">The length of the file in bytes.</param>
public sealed record ConversionResult(string Architecture, TensorType Type, int TensorCount, long ParameterCount, long ByteLength);

namespace EdgeRuntime.Onnx;

/// <summary>A conversion that loading a model begins with.</summary>
/// <param name="Folder">The folder that is written; null for a temporary one.</param>
/// <param name="ByteSize">The bytes that it will have, about.</param>
public sealed record OnnxConversion(string? Folder, long ByteSize);

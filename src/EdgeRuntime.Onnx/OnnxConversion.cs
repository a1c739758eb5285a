namespace EdgeRuntime.Onnx;

/// <summary>A conversion that loading a model begins with.</summary>
/// <param name="Device">The name of the device.</param>
/// <param name="Folder">The folder that is written; null if nothing is kept.</param>
/// <param name="ByteSize">The bytes that it will have, about.</param>
public sealed record OnnxConversion(string Device, string? Folder, long ByteSize);

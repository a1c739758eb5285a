using System;

namespace EdgeRuntime.Onnx;

/// <summary>A converted model in a cache (<see cref="OnnxCache"/>).</summary>
/// <param name="Name">The name of its folder.</param>
/// <param name="ModelPath">The path of the model that it was made of; null if the folder is damaged or incomplete.</param>
/// <param name="Device">The name of the device that it was made for; null if the folder is damaged or incomplete.</param>
/// <param name="ByteSize">The bytes of its files.</param>
/// <param name="LastUse">The time of the last use, in UTC.</param>
public sealed record OnnxCacheEntry(string Name, string? ModelPath, string? Device, long ByteSize, DateTime LastUse);

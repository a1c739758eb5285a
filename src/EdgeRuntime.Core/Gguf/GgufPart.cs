namespace EdgeRuntime.Gguf;

/// <summary>Describes one file of a model: the whole model, or one part of a split model.</summary>
/// <param name="Path">The path of the file.</param>
/// <param name="Version">The GGUF version, 2 or 3.</param>
/// <param name="ByteLength">The length of the file in bytes.</param>
/// <param name="Alignment">The alignment of tensors in bytes, relative to <paramref name="DataOffset"/>.</param>
/// <param name="DataOffset">The byte offset of the tensor data, or of the end of the header if the file has no tensors.</param>
/// <param name="TensorCount">The number of tensors in this file.</param>
public sealed record GgufPart(string Path, uint Version, long ByteLength, int Alignment, long DataOffset, int TensorCount);

namespace EdgeRuntime.Gguf;

/// <summary>One file of a model: the only one, or one of a split model.</summary>
/// <param name="Path">Where it lies.</param>
/// <param name="Version">2 or 3.</param>
/// <param name="ByteLength">Bytes of the file.</param>
/// <param name="Alignment">Tensors start at multiples of so many bytes, counted from <paramref name="DataOffset"/>.</param>
/// <param name="DataOffset">Byte offset of the tensor data; the end of the header where the file has no tensors.</param>
/// <param name="TensorCount">Tensors in this file.</param>
public sealed record GgufPart(string Path, uint Version, long ByteLength, int Alignment, long DataOffset, int TensorCount);

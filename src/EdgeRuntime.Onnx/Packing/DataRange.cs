namespace EdgeRuntime.Onnx.Packing;

/// <summary>A range of the data file of a model.</summary>
/// <param name="Offset">The first byte, aligned.</param>
/// <param name="Length">The number of bytes.</param>
internal readonly record struct DataRange(long Offset, long Length);

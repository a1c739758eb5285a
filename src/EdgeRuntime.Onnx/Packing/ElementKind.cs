namespace EdgeRuntime.Onnx.Packing;

/// <summary>The element types of tensors, with their numbers in ONNX.</summary>
internal enum ElementKind
{
    Float32 = 1,
    UInt8 = 2,
    Int32 = 6,
    Int64 = 7,
    Bool = 9,
    Float16 = 10,
}

namespace EdgeRuntime.Formats;

/// <summary>The tensor type ids of GGUF files. Source: ggml.h, <c>enum ggml_type</c>.</summary>
#pragma warning disable CA1027, CA1028, CA1720, CS1591 // the file format fixes ids and names
public enum TensorType : uint
{
    F32 = 0,
    F16 = 1,
    Q4_0 = 2,
    Q4_1 = 3,
    Q5_0 = 6,
    Q5_1 = 7,
    Q8_0 = 8,
    Q8_1 = 9,
    Q2_K = 10,
    Q3_K = 11,
    Q4_K = 12,
    Q5_K = 13,
    Q6_K = 14,
    Q8_K = 15,
    BF16 = 30,
}

using System.Collections.Generic;

namespace EdgeRuntime.Formats;

/// <summary>The properties of a tensor type that are needed to find a tensor's bytes in a file.</summary>
/// <param name="Type">The type id.</param>
/// <param name="Name">The name in ggml's spelling, for example <c>Q4_K</c>.</param>
/// <param name="BlockElements">The number of weights per block; 0 for a removed type.</param>
/// <param name="BlockBytes">The number of bytes per block; 0 for a removed type.</param>
/// <param name="ReplacedBy">The type that replaces a removed type; null for all others.</param>
/// <param name="TailBytes">The number of bytes after the last row that belong to the whole tensor.</param>
internal sealed record TensorTypeFacts(
    TensorType Type, string Name, int BlockElements, int BlockBytes, TensorType? ReplacedBy = null, int TailBytes = 0)
{
    /// <summary>Gets whether the type stores data such as indices and is never used for weight matrices.</summary>
    public bool IsData => Type is TensorType.I8 or TensorType.I16 or TensorType.I32 or TensorType.I64 or TensorType.F64;

    /// <summary>Gets whether ggml has removed the type: the id is reserved, and no file may use it.</summary>
    public bool IsRemoved => ReplacedBy is not null;

    /// <summary>Gets the number of bits per weight, scales included; 0 for a removed type.</summary>
    public double BitsPerWeight => BlockElements == 0 ? 0 : 8.0 * BlockBytes / BlockElements;
}

/// <summary>
/// Lists every tensor type id with its name and block size, whether it has kernels or not.
/// Source: llama.cpp v0.5.0, ggml.c <c>type_traits</c> and the block structures of ggml-common.h.
/// </summary>
internal static class TensorTypes
{
    private static readonly TensorTypeFacts[] _facts =
    [
        Of(TensorType.F32, 1, 4),
        Of(TensorType.F16, 1, 2),
        Of(TensorType.Q4_0, 32, 18),
        Of(TensorType.Q4_1, 32, 20),
        Removed(TensorType.Q4_2, TensorType.Q4_0),
        Removed(TensorType.Q4_3, TensorType.Q4_1),
        Of(TensorType.Q5_0, 32, 22),
        Of(TensorType.Q5_1, 32, 24),
        Of(TensorType.Q8_0, 32, 34),
        Of(TensorType.Q8_1, 32, 36),
        Of(TensorType.Q2_K, 256, 84),
        Of(TensorType.Q3_K, 256, 110),
        Of(TensorType.Q4_K, 256, 144),
        Of(TensorType.Q5_K, 256, 176),
        Of(TensorType.Q6_K, 256, 210),
        Of(TensorType.Q8_K, 256, 292),
        Of(TensorType.IQ2_XXS, 256, 66),
        Of(TensorType.IQ2_XS, 256, 74),
        Of(TensorType.IQ3_XXS, 256, 98),
        Of(TensorType.IQ1_S, 256, 50),
        Of(TensorType.IQ4_NL, 32, 18),
        Of(TensorType.IQ3_S, 256, 110),
        Of(TensorType.IQ2_S, 256, 82),
        Of(TensorType.IQ4_XS, 256, 136),
        Of(TensorType.I8, 1, 1),
        Of(TensorType.I16, 1, 2),
        Of(TensorType.I32, 1, 4),
        Of(TensorType.I64, 1, 8),
        Of(TensorType.F64, 1, 8),
        Of(TensorType.IQ1_M, 256, 56),
        Of(TensorType.BF16, 1, 2),
        Removed(TensorType.Q4_0_4_4, TensorType.Q4_0),
        Removed(TensorType.Q4_0_4_8, TensorType.Q4_0),
        Removed(TensorType.Q4_0_8_8, TensorType.Q4_0),
        Of(TensorType.TQ1_0, 256, 54),
        Of(TensorType.TQ2_0, 256, 66),
        new(TensorType.I2_S, nameof(TensorType.I2_S), 128, 32, TailBytes: 32),
        Removed(TensorType.IQ4_NL_4_8, TensorType.IQ4_NL),
        Removed(TensorType.IQ4_NL_8_8, TensorType.IQ4_NL),
        Of(TensorType.MXFP4, 32, 17),
        Of(TensorType.NVFP4, 64, 36),
        Of(TensorType.Q1_0, 128, 18),
        Of(TensorType.Q2_0, 64, 18),
    ];

    /// <summary>Gets all types; the index in the list is the type id.</summary>
    public static IReadOnlyList<TensorTypeFacts> All => _facts;

    /// <summary>Finds the properties of a type id; null if ggml does not define the id.</summary>
    public static TensorTypeFacts? Find(TensorType type) => (uint)type < (uint)_facts.Length ? _facts[(int)type] : null;

    private static TensorTypeFacts Of(TensorType type, int blockElements, int blockBytes) =>
        new(type, type.ToString(), blockElements, blockBytes);

    private static TensorTypeFacts Removed(TensorType type, TensorType replacedBy) => new(type, type.ToString(), 0, 0, replacedBy);
}

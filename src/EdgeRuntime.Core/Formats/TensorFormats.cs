using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime.Formats;

/// <summary>The tensor types with kernels. To add one: its file, and its line here.</summary>
internal static class TensorFormats
{
    public static IReadOnlyList<TensorFormat> All { get; } =
    [
        TensorFormat.OfFloat<BlockF32>(),
        TensorFormat.OfFloat<BlockF16>(),
        TensorFormat.OfFloat<BlockBF16>(),
        TensorFormat.Of<BlockQ4_0>(),
        TensorFormat.Of<BlockQ4_1>(),
        TensorFormat.Of<BlockQ5_0>(),
        TensorFormat.Of<BlockQ5_1>(),
        TensorFormat.Of<BlockQ8_0>(),
        TensorFormat.Of<BlockQ4_K>(),
        TensorFormat.Of<BlockQ5_K>(),
        TensorFormat.Of<BlockQ6_K>(),
        TensorFormat.Of<BlockIQ4_NL>(),
        TensorFormat.Of<BlockIQ4_XS>(),
    ];

    /// <summary>The format of a type, or null where this build has no kernels for it.</summary>
    public static TensorFormat? Find(TensorType type) => All.FirstOrDefault(format => format.Type == type);

    /// <summary>The format of a type.</summary>
    /// <exception cref="UnsupportedModelException">No kernels for it; the message lists the types that have.</exception>
    public static TensorFormat Get(TensorType type) => Find(type) ?? throw new UnsupportedModelException(
        $"tensor type {type} has no kernels here; use one of: {string.Join(", ", All.Select(format => format.Type))}");
}

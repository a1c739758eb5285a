using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime.Formats;

/// <summary>The tensor types with kernels. To add one: its file, and its line here.</summary>
internal static class TensorFormats
{
    /// <summary>Gets the types that the weights of models may have.</summary>
    public static IReadOnlyList<TensorFormat> All { get; } =
    [
        TensorFormat.OfFloat<BlockF32>(BlockF32.Quantize),
        TensorFormat.OfFloat<BlockF16>(BlockF16.Quantize),
        TensorFormat.OfFloat<BlockBF16>(BlockBF16.Quantize),
        TensorFormat.Of<BlockQ4_0>(BlockQ4_0.Quantize, rounder: EvenSteps.Quantize),
        TensorFormat.Of<BlockQ4_1>(BlockQ4_1.Quantize, rounder: EvenSteps.Quantize),
        TensorFormat.Of<BlockQ5_0>(BlockQ5_0.Quantize, rounder: EvenSteps.Quantize),
        TensorFormat.Of<BlockQ5_1>(BlockQ5_1.Quantize, rounder: EvenSteps.Quantize),
        TensorFormat.Of<BlockQ8_0>(BlockQ8_0.Quantize),
        TensorFormat.Of<BlockQ4_K>(BlockQ4_K.Quantize),
        TensorFormat.Of<BlockQ5_K>(BlockQ5_K.Quantize),
        TensorFormat.Of<BlockQ6_K>(BlockQ6_K.Quantize),
        TensorFormat.Of<BlockIQ4_NL>(BlockIQ4_NL.Quantize),
        TensorFormat.Of<BlockIQ4_XS>(BlockIQ4_XS.Quantize),
        TensorFormat.Of<BlockQ2_K>(BlockQ2_K.Quantize),
        TensorFormat.Of<BlockQ3_K>(BlockQ3_K.Quantize),
        TensorFormat.Of<BlockIQ1_S>(BlockIQ1_S.Quantize, requiresImportance: true),
        TensorFormat.Of<BlockIQ1_M>(BlockIQ1_M.Quantize),
        TensorFormat.Of<BlockIQ2_XXS>(BlockIQ2_XXS.Quantize, requiresImportance: true),
        TensorFormat.Of<BlockIQ2_XS>(BlockIQ2_XS.Quantize, requiresImportance: true),
        TensorFormat.Of<BlockIQ2_S>(BlockIQ2_S.Quantize),
        TensorFormat.Of<BlockIQ3_XXS>(BlockIQ3_XXS.Quantize),
        TensorFormat.Of<BlockIQ3_S>(BlockIQ3_S.Quantize),
        TensorFormat.Of<BlockTQ1_0>(BlockTQ1_0.Quantize),
        TensorFormat.Of<BlockTQ2_0>(BlockTQ2_0.Quantize),
        TensorFormat.Of<BlockMXFP4>(BlockMXFP4.Quantize),
        TensorFormat.Of<BlockNVFP4>(BlockNVFP4.Quantize),
        TensorFormat.Of<BlockQ1_0>(BlockQ1_0.Quantize),
        TensorFormat.Of<BlockQ2_0>(BlockQ2_0.Quantize),
        TensorFormat.Of<BlockI2_S>(),
    ];

    /// <summary>Finds the format of a type.</summary>
    /// <returns>Null where this build has no kernels for the type.</returns>
    public static TensorFormat? Find(TensorType type) => All.FirstOrDefault(format => format.Type == type);

    /// <summary>Gets the format of a type.</summary>
    /// <exception cref="UnsupportedModelException">The type has no kernels; the message lists the types that have.</exception>
    public static TensorFormat Get(TensorType type) => Find(type) ?? throw new UnsupportedModelException(Refusal(type));

    /// <summary>Describes in one line why a matrix can't have a type, and which types it can have.</summary>
    public static string Refusal(TensorType type)
    {
        string reason = TensorTypes.Find(type) is { IsData: true } ? "is for data, not for weights" : "has no kernels";
        return $"tensor type {type} {reason}; types that work: {string.Join(", ", All.Select(format => format.Type))}";
    }
}

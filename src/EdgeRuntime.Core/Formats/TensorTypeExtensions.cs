using System;

namespace EdgeRuntime.Formats;

/// <summary>Gets the sizes of tensor types. A row of a tensor is a whole number of blocks.</summary>
public static class TensorTypeExtensions
{
    /// <summary>Gets the number of weights in a block: 1 for floats and integers, 32 for Q8_0, 256 for Q4_K.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The type is unknown or has been removed from the format.</exception>
    public static int GetBlockElements(this TensorType type) => FactsOf(type).BlockElements;

    /// <summary>Gets the number of bytes in a block, with its scales.</summary>
    /// <inheritdoc cref="GetBlockElements"/>
    public static int GetBlockBytes(this TensorType type) => FactsOf(type).BlockBytes;

    private static TensorTypeFacts FactsOf(TensorType type) => TensorTypes.Find(type) is { IsRemoved: false } facts
        ? facts
        : throw new ArgumentOutOfRangeException(nameof(type), type, "No file may use this type.");
}

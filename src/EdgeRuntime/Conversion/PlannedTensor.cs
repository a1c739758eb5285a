using System.Linq;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Conversion;

/// <summary>A tensor of the GGUF file, before its numbers are read.</summary>
/// <param name="Name">The name.</param>
/// <param name="Type">The type.</param>
/// <param name="Shape">The dimensions, outermost first.</param>
/// <param name="Rows">The rows; their numbers are all elements of the tensor in order.</param>
internal sealed record PlannedTensor(string Name, TensorType Type, long[] Shape, TensorRows Rows)
{
    /// <summary>Gets the number of elements.</summary>
    public long ElementCount => Shape.Aggregate(1L, static (count, dimension) => count * dimension);
}

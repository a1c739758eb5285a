using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Quantization;

/// <summary>Describes a tensor of a model whose type is to be chosen.</summary>
/// <param name="Name">The name in the file, for example <c>blk.0.attn_q.weight</c>.</param>
/// <param name="Type">The present type.</param>
/// <param name="Dimensions">One to four dimensions, innermost first. The first one is the row length.</param>
public sealed record TensorDescription(string Name, TensorType Type, params IReadOnlyList<long> Dimensions)
{
    /// <summary>Gets the number of weights per row.</summary>
    public long Columns => Dimensions[0];

    /// <summary>Describes a tensor of a file.</summary>
    internal static TensorDescription Of(GgufTensor tensor) => new(tensor.Name, tensor.Type, tensor.UsedDimensions.ToArray());

    /// <summary>Gets the number of matrices, such as those of experts.</summary>
    internal long Matrices => Dimensions.Skip(2).Aggregate(1L, static (product, size) => checked(product * size));

    /// <summary>Gets the number of dimensions without those of size 1 at the end.</summary>
    internal int DimensionCount => Math.Max(1, Dimensions.Count - Dimensions.Reverse().TakeWhile(static size => size == 1).Count());
}

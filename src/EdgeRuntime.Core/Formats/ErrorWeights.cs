using System;
using System.Numerics.Tensors;

namespace EdgeRuntime.Formats;

/// <summary>How much the squared error of each weight counts in a search.</summary>
internal static class ErrorWeights
{
    /// <summary>
    /// The share of the mean square for types with evenly spaced quants. A lower one favors large weights more, which lowers the divergence
    /// of 3-bit models a little, but then the plain error of Q3_K exceeds that of ggml.
    /// </summary>
    public const float EvenMeanSquares = 3;

    // The share of the mean importance that weights of a group get where none of them has any.
    private const float Share = 1e-6f;

    /// <summary>
    /// Computes importance * sqrt(meanSquares * mean square + x^2). The second factor favors large weights, which lowers the KL
    /// divergence of 2-bit and 3-bit models. The weights of a group whose importance is 0 count a little, because the activations that
    /// nobody measured may still occur.
    /// </summary>
    /// <param name="x">The weights of a block.</param>
    /// <param name="importance">The importance of each weight, or empty if all count the same.</param>
    /// <param name="meanSquares">The share of the mean square.</param>
    /// <param name="group">The number of weights that share a scale.</param>
    /// <param name="weights">Receives one error weight per weight.</param>
    public static void Fill(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, float meanSquares, int group, Span<float> weights)
    {
        TensorPrimitives.Multiply(x, x, weights);
        TensorPrimitives.Add(weights, meanSquares / x.Length * TensorPrimitives.Sum<float>(weights), weights);
        TensorPrimitives.Sqrt(weights, weights);
        if (!importance.ContainsAnyExcept(0))
        {
            return;
        }

        for (int first = 0; first < weights.Length; first += group)
        {
            Span<float> part = weights.Slice(first, group);
            ReadOnlySpan<float> factors = importance.Slice(first, group);
            if (factors.ContainsAnyExcept(0))
            {
                TensorPrimitives.Multiply(part, factors, part);
            }
            else
            {
                TensorPrimitives.Multiply(part, Share * TensorPrimitives.Sum(importance) / importance.Length, part);
            }
        }
    }
}

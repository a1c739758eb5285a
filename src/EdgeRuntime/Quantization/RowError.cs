using System;
using System.Numerics.Tensors;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Quantization;

/// <summary>Computes squared errors of a row of weights, with each column weighted by its importance if that is known.</summary>
internal static class RowError
{
    /// <summary>Computes the squared error of a tensor type on a row.</summary>
    /// <param name="format">The format of the type.</param>
    /// <param name="weights">[columns].</param>
    /// <param name="importance">[columns], or empty.</param>
    /// <param name="blocks">Receives the row in the type; may be longer.</param>
    /// <param name="errors">[columns]; overwritten.</param>
    public static double Measure(
        TensorFormat format, ReadOnlySpan<float> weights, ReadOnlySpan<float> importance, Span<byte> blocks, Span<float> errors)
    {
        Span<byte> row = blocks[..checked((int)format.RowBytes(weights.Length))];
        format.QuantizeRows(weights, weights.Length, importance, row);
        format.Dequantize(row, errors);
        TensorPrimitives.Subtract(weights, errors, errors);
        return SumOfSquares(errors, importance);
    }

    /// <summary>Computes the weighted sum of squares, and overwrites the values with their squares if there are weights.</summary>
    /// <param name="values">[columns].</param>
    /// <param name="importance">[columns], or empty.</param>
    public static double SumOfSquares(Span<float> values, ReadOnlySpan<float> importance)
    {
        if (importance.IsEmpty)
        {
            return TensorPrimitives.SumOfSquares<float>(values);
        }

        TensorPrimitives.Multiply(values, values, values);
        return TensorPrimitives.Dot(values, importance);
    }
}

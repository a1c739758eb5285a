using System;

namespace EdgeRuntime;

/// <summary>
/// A forward pass computed infinities, NaN, or activations whose squares overflow float32. Nothing of it is a result: the session is as it
/// was before the call. The weights are damaged, or the model needs a wider number format than float32.
/// </summary>
public sealed class NonFiniteException : ArithmeticException
{
    /// <param name="path">The model's file.</param>
    /// <param name="place">Where it began, in words; with the layer's number where it has one.</param>
    /// <param name="layer">The layer, from 0 on; null outside of all layers.</param>
    /// <param name="position">Position of the sequence at which it began.</param>
    /// <param name="token">The token at that position.</param>
    /// <param name="value">The number that was computed.</param>
    internal NonFiniteException(string path, string place, int? layer, int position, int token, float value)
        : base(FormattableString.Invariant(
            $"{path}: {place}: computed {value} at position {position} (token {token}), expected finite numbers whose squares fit ")
            + "float32; the weights are damaged or overflow, download or convert the model again")
    {
        Layer = layer;
        Position = position;
    }

    /// <summary>The layer in which it began, from 0 on as in the file's tensor names; null: outside of all layers.</summary>
    public int? Layer { get; }

    /// <summary>Position of the sequence at which it began.</summary>
    public int Position { get; }
}

using System;

namespace EdgeRuntime;

/// <summary>
/// The exception that is thrown when a forward pass computes an infinity, a NaN, or activations whose squares overflow float32. The results
/// of the pass are discarded, and the session is in the state that it had before the call. Either the weights are damaged, or the model
/// needs a number format with a wider range than float32.
/// </summary>
public sealed class NonFiniteException : EdgeRuntimeException
{
    private const string Remedy = "; the weights are damaged or overflow, download or convert the model again";

    /// <param name="path">The path of the model file.</param>
    /// <param name="place">The place of the first such value, in words, with the layer number if it is in a layer.</param>
    /// <param name="layer">The zero-based layer index, or null if the place is outside all layers.</param>
    /// <param name="position">The position in the sequence of the first such value.</param>
    /// <param name="token">The token at that position.</param>
    /// <param name="value">The computed value.</param>
    internal NonFiniteException(string path, string place, int? layer, int position, int token, float value)
        : base(FormattableString.Invariant(
            $"{path}: {place}: computed {value} at position {position} (token {token}), expected finite numbers whose squares fit float32")
            + Remedy)
    {
        Layer = layer;
        Position = position;
    }

    /// <param name="path">The path of the model file.</param>
    /// <param name="place">The place of a value of all positions together, in words.</param>
    /// <param name="value">The computed value.</param>
    internal NonFiniteException(string path, string place, float value)
        : base(FormattableString.Invariant($"{path}: {place}: computed {value}, expected finite numbers") + Remedy)
    {
    }

    /// <summary>
    /// Gets the zero-based layer index, as in the tensor names of the file, or null if the first such value is outside all layers.
    /// </summary>
    public int? Layer { get; }

    /// <summary>Gets the position in the sequence of the first such value; 0 for a value of all positions together.</summary>
    public int Position { get; }
}

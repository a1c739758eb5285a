using System;
using System.Linq;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Formats;
using EdgeRuntime.Quantization;

namespace EdgeRuntime.Cli.Quantization;

/// <summary>Reads the names of tensor types that a file can be quantized to.</summary>
internal static class TensorTypeOption
{
    /// <summary>Finds a type by its name.</summary>
    /// <param name="option">The name of the option.</param>
    /// <param name="text">The option's value.</param>
    /// <exception cref="UsageException">There is no such type.</exception>
    public static TensorType Parse(string option, string text) =>
        QuantizationMix.TensorTypes.Cast<TensorType?>()
            .FirstOrDefault(type => type.ToString()!.Equals(text, StringComparison.OrdinalIgnoreCase))
        ?? throw new UsageException($"{option}: no tensor type '{text}'; use one of: {string.Join(", ", QuantizationMix.TensorTypes)}");

    /// <summary>Finds a type by its name; null if the option is not given.</summary>
    /// <inheritdoc cref="Parse"/>
    public static TensorType? ParseIfGiven(string option, string? text) => text is null ? null : Parse(option, text);
}

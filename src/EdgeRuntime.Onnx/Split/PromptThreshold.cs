using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Tuning;

namespace EdgeRuntime.Onnx.Split;

/// <summary>
/// Finds the fewest tokens of a prompt that a device computes faster than the processor, the copy of keys and values included.
/// </summary>
internal static class PromptThreshold
{
    /// <summary>The fewest tokens where no speeds are known: an estimate, which no GPU has confirmed.</summary>
    public const int Default = 32;

    private const int Least = 2; // one token is an answer's

    /// <summary>Computes the fewest tokens from the speeds of the processor, the device, and both together.</summary>
    /// <remarks>
    /// One token and a prompt are measured on each; between them, the time is taken to grow with every token. The copy is what the
    /// answer took longer on both together than on the processor, because it comes with the first token.
    /// </remarks>
    /// <param name="measurements">The measured speeds.</param>
    /// <param name="processor">The name of the processor among them.</param>
    /// <param name="device">The name of the device.</param>
    /// <param name="split">The name of both together.</param>
    /// <param name="promptTokens">The tokens of the measured prompt.</param>
    /// <param name="answerTokens">The tokens of the measured answer.</param>
    /// <returns>2 to <paramref name="promptTokens"/>; <see cref="Default"/> if a speed is missing.</returns>
    public static int Of(
        IEnumerable<TuningMeasurement> measurements, string processor, string device, string split, int promptTokens, int answerTokens)
    {
        Dictionary<string, TuningMeasurement> known = measurements.ToDictionary(static each => each.Setting, StringComparer.Ordinal);
        if (Time(processor) is not { } own || Time(device) is not { } other || Time(split) is not { } both)
        {
            return Default;
        }

        double copy = Math.Max(0, answerTokens * (both.Token - own.Token)) / promptTokens;
        double saved = Slope(own) - Slope(other); // by each token after the first
        double gain = saved - copy;
        double tokens = gain > 0 ? Math.Ceiling((other.Token - own.Token + saved) / gain) : promptTokens;
        return (int)Math.Clamp(tokens, Least, promptTokens);

        TurnTime? Time(string name) =>
            known.GetValueOrDefault(name) is { PrefillTokensPerSecond: > 0 and { } prefill, DecodeTokensPerSecond: > 0 and { } decode }
                ? new TurnTime(promptTokens / prefill, 1 / decode)
                : null;

        double Slope(TurnTime time) => (time.Prompt - time.Token) / (promptTokens - 1);
    }
}

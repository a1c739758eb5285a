namespace EdgeRuntime.Tuning;

/// <summary>
/// Defines a benchmark of a model's settings. A real model implements it, and so does a simulation that tests the search.
/// </summary>
internal interface ITuningBench
{
    /// <summary>The smallest number of tokens of a decode measurement, including the one that wakes the threads.</summary>
    const int MinDecodedTokens = 5;

    /// <summary>Gets the largest number of positions of a measurement.</summary>
    int MaxPositions { get; }

    /// <summary>Measures a prefill in tokens per second.</summary>
    /// <param name="choice">The settings.</param>
    /// <param name="tokens">The number of tokens of the prefill.</param>
    double Prefill(TuningChoice choice, int tokens);

    /// <summary>Measures decoding in tokens per second.</summary>
    /// <param name="choice">The settings.</param>
    /// <param name="depth">The number of positions in the KV cache at the start.</param>
    /// <param name="seconds">The approximate duration. At least <see cref="MinDecodedTokens"/> tokens are decoded.</param>
    double Decode(TuningChoice choice, int depth, double seconds);
}

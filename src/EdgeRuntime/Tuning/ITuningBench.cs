namespace EdgeRuntime.Tuning;

/// <summary>Measures settings of one model: the real one, and a made-up one that tests the search.</summary>
internal interface ITuningBench
{
    /// <summary>Fewest tokens that a measurement of decoding takes, the one that wakes the threads included.</summary>
    const int LeastDecoded = 5;

    /// <summary>Greatest number of positions that a measurement may use.</summary>
    int MaxPositions { get; }

    /// <summary>Tokens a second of a prefill.</summary>
    /// <param name="choice">The settings.</param>
    /// <param name="tokens">Tokens of the prefill.</param>
    double Prefill(TuningChoice choice, int tokens);

    /// <summary>Tokens a second of decoding.</summary>
    /// <param name="choice">The settings.</param>
    /// <param name="depth">Positions in the KV cache before.</param>
    /// <param name="seconds">Time to spend, about; at least <see cref="LeastDecoded"/> tokens are decoded.</param>
    double Decode(TuningChoice choice, int depth, double seconds);
}

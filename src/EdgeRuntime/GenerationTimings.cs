using System;

namespace EdgeRuntime;

/// <summary>Contains the durations of an answer.</summary>
public sealed record GenerationTimings
{
    /// <summary>Gets the time for computing the prompt and choosing the first token.</summary>
    public TimeSpan Prefill { get; init; }

    /// <summary>Gets the time for computing the tokens after the first one, without the caller's time between them.</summary>
    public TimeSpan Decode { get; init; }

    /// <summary>Gets the time from the start of the enumeration to the first token; zero if there is none.</summary>
    public TimeSpan TimeToFirstToken { get; init; }

    /// <summary>Gets the number of computed prompt tokens per second, not counting cached tokens; 0 if unknown.</summary>
    public double PrefillTokensPerSecond { get; init; }

    /// <summary>Gets the number of generated tokens per second, without the first token and its time; 0 if unknown.</summary>
    public double DecodeTokensPerSecond { get; init; }
}

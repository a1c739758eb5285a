namespace EdgeRuntime;

/// <summary>Describes a finished answer: its text, why it ended, its tokens, and the time it took.</summary>
public sealed record GenerationResult
{
    /// <summary>
    /// Gets the text of the answer. It is the text of all tokens; after a cancellation, it includes text that was still held back because a
    /// stop sequence could have followed.
    /// </summary>
    public string Text { get; init; } = "";

    /// <summary>Gets the reason why the answer ended.</summary>
    public FinishReason FinishReason { get; init; }

    /// <summary>Gets the stop sequence that ended the answer, or null.</summary>
    public string? StopSequence { get; init; }

    /// <summary>Gets the numbers of tokens.</summary>
    public GenerationUsage Usage { get; init; } = new();

    /// <summary>Gets the durations, separately for prefill and decode.</summary>
    public GenerationTimings Timings { get; init; } = new();

    /// <summary>
    /// Gets the seed of the random generator: that of the options, or a random one. Used as <c>Seed</c> of the options, it repeats the
    /// answer. In a <see cref="ChatSession"/>, the generator continues from answer to answer, so the seed repeats the whole conversation.
    /// Null if an <see cref="ISampler"/> of the options chose the tokens.
    /// </summary>
    public ulong? Seed { get; init; }
}

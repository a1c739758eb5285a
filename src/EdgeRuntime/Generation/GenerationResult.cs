namespace EdgeRuntime;

/// <summary>One step of an answer.</summary>
/// <param name="Id">The token, or -1 where only text that was held back is given out at the end.</param>
/// <param name="Text">
/// Text that is now certain: often the token's own, empty inside a character or while a stop string may be coming, and more than one
/// token's afterwards.
/// </param>
/// <param name="IsLast">Whether the answer ends here.</param>
public readonly record struct GeneratedToken(int Id, string Text, bool IsLast);

/// <summary>Why an answer ended.</summary>
public enum StopReason
{
    /// <summary>The model ended it with an end-of-generation token.</summary>
    EndOfGeneration,

    /// <summary>A stop string came; it is not part of the text.</summary>
    StopText,

    /// <summary><see cref="GenerationOptions.MaxTokens"/> are generated.</summary>
    MaxTokens,

    /// <summary>The session's context is full.</summary>
    ContextFull,

    /// <summary>The caller cancelled, or read no further.</summary>
    Cancelled,
}

/// <summary>What an answer was and cost. Prefill and decode are apart.</summary>
public sealed record GenerationResult
{
    /// <summary>Why it ended.</summary>
    public StopReason StopReason { get; init; }

    /// <summary>The stop string that ended it, or null.</summary>
    public string? StopText { get; init; }

    /// <summary>Tokens of the prompt.</summary>
    public int PromptTokens { get; init; }

    /// <summary>Tokens of the prompt that were still in the KV cache and not computed again.</summary>
    public int CachedPromptTokens { get; init; }

    /// <summary>Tokens generated, an end-of-generation token included.</summary>
    public int GeneratedTokens { get; init; }

    /// <summary>Seconds until the prompt was computed and the first token chosen.</summary>
    public double PrefillSeconds { get; init; }

    /// <summary>Seconds in which the tokens after the first were computed; the caller's own time between them is not counted.</summary>
    public double DecodeSeconds { get; init; }

    /// <summary>Seconds from the call to the first token.</summary>
    public double TimeToFirstTokenSeconds { get; init; }

    /// <summary>Tokens that a draft proposed; 0 without speculation.</summary>
    public int DraftedTokens { get; init; }

    /// <summary>Proposed tokens that the model accepted.</summary>
    public int AcceptedTokens { get; init; }

    /// <summary>Computed prompt tokens a second; 0 where unknown.</summary>
    public double PrefillTokensPerSecond => PrefillSeconds > 0 ? (PromptTokens - CachedPromptTokens) / PrefillSeconds : 0;

    /// <summary>Generated tokens a second, the first one and its time apart; 0 where unknown.</summary>
    public double DecodeTokensPerSecond => DecodeSeconds > 0 ? (GeneratedTokens - 1) / DecodeSeconds : 0;
}

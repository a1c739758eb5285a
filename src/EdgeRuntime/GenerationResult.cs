namespace EdgeRuntime;

/// <summary>Represents one step of an answer.</summary>
/// <param name="Id">The token id, or -1 if the step only returns text that was held back at the end of the answer.</param>
/// <param name="Text">
/// The text that has become certain. It is usually the text of the token. It is empty inside a character or while a stop string may follow,
/// and then contains the text of several tokens.
/// </param>
/// <param name="IsLast">Whether the answer ends with this step.</param>
public readonly record struct GeneratedToken(int Id, string Text, bool IsLast);

/// <summary>Specifies why an answer ended.</summary>
public enum StopReason
{
    /// <summary>The model generated an end-of-generation token.</summary>
    EndOfGeneration,

    /// <summary>The model generated a stop string, which is not part of the text.</summary>
    StopText,

    /// <summary>The answer has <see cref="GenerationOptions.MaxTokens"/> tokens.</summary>
    MaxTokens,

    /// <summary>The context of the session is full.</summary>
    ContextFull,

    /// <summary>The caller cancelled the answer or stopped the enumeration.</summary>
    Cancelled,
}

/// <summary>Describes a finished answer: why it ended, its tokens, and the time it took, separately for prefill and decode.</summary>
public sealed record GenerationResult
{
    /// <summary>Gets the reason why the answer ended.</summary>
    public StopReason StopReason { get; init; }

    /// <summary>Gets the stop string that ended the answer, or null.</summary>
    public string? StopText { get; init; }

    /// <summary>Gets the number of tokens in the prompt.</summary>
    public int PromptTokens { get; init; }

    /// <summary>Gets the number of prompt tokens that were in the KV cache and were not computed again.</summary>
    public int CachedPromptTokens { get; init; }

    /// <summary>Gets the number of generated tokens, including an end-of-generation token.</summary>
    public int GeneratedTokens { get; init; }

    /// <summary>Gets the time for computing the prompt and choosing the first token, in seconds.</summary>
    public double PrefillSeconds { get; init; }

    /// <summary>Gets the time for computing the tokens after the first one, in seconds, without the caller's time between steps.</summary>
    public double DecodeSeconds { get; init; }

    /// <summary>Gets the time from the call to the first token, in seconds.</summary>
    public double TimeToFirstTokenSeconds { get; init; }

    /// <summary>Gets the number of tokens that a draft proposed; 0 without speculation.</summary>
    public int DraftedTokens { get; init; }

    /// <summary>Gets the number of proposed tokens that the model accepted.</summary>
    public int AcceptedTokens { get; init; }

    /// <summary>Gets the number of computed prompt tokens per second; 0 if unknown.</summary>
    public double PrefillTokensPerSecond => PrefillSeconds > 0 ? (PromptTokens - CachedPromptTokens) / PrefillSeconds : 0;

    /// <summary>Gets the number of generated tokens per second, without the first token and its time; 0 if unknown.</summary>
    public double DecodeTokensPerSecond => DecodeSeconds > 0 ? (GeneratedTokens - 1) / DecodeSeconds : 0;
}

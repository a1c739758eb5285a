namespace EdgeRuntime;

/// <summary>Contains the numbers of tokens of an answer and its prompt.</summary>
public sealed record GenerationUsage
{
    /// <summary>Gets the number of tokens in the prompt.</summary>
    public int PromptTokens { get; init; }

    /// <summary>Gets the number of prompt tokens that were in the KV cache and were not computed again.</summary>
    public int CachedPromptTokens { get; init; }

    /// <summary>Gets the number of generated tokens, including an end-of-generation token.</summary>
    public int GeneratedTokens { get; init; }

    /// <summary>Gets the number of tokens that a draft proposed; 0 without speculation.</summary>
    public int DraftedTokens { get; init; }

    /// <summary>Gets the number of proposed tokens that the model accepted; 0 without speculation.</summary>
    public int AcceptedTokens { get; init; }
}

using System.Collections.Generic;

namespace EdgeRuntime;

/// <summary>Specifies how an answer is sampled and where it stops. The defaults are those of llama.cpp.</summary>
public sealed record GenerationOptions
{
    /// <summary>Gets the greatest number of tokens to generate; null for no limit other than the context.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Gets the temperature, which divides the logits. 0 selects greedy decoding: always the most probable token.</summary>
    public float Temperature { get; init; } = 0.8f;

    /// <summary>Gets the number of most probable tokens to keep; 0 keeps all.</summary>
    public int TopK { get; init; } = 40;

    /// <summary>Gets the sum of probabilities up to which the most probable tokens are kept; 1 keeps all.</summary>
    public float TopP { get; init; } = 0.95f;

    /// <summary>Gets the least probability of a kept token, as a share of the greatest probability; 0 keeps all.</summary>
    public float MinP { get; init; } = 0.05f;

    /// <summary>Gets the sum of probabilities that locally typical sampling keeps; 1 disables it.</summary>
    public float TypicalP { get; init; } = 1f;

    /// <summary>Gets the least number of tokens that the steps top-k, typical, top-p and min-p keep.</summary>
    public int MinKeep { get; init; }

    /// <summary>Gets the factor that divides the positive and multiplies the negative logits of recent tokens; 1 disables it.</summary>
    public float RepeatPenalty { get; init; } = 1f;

    /// <summary>Gets the value subtracted once from the logit of each recent token; 0 disables it.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Gets the value subtracted from the logit of a recent token for each occurrence; 0 disables it.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Gets the number of recent tokens that the penalties apply to; 0 for none, -1 for the whole context.</summary>
    public int RepeatLastTokens { get; init; } = 64;

    /// <summary>Gets the values to add to logits, by token id.</summary>
    public IReadOnlyDictionary<int, float> LogitBias { get; init; } = new Dictionary<int, float>();

    /// <summary>Gets the seed of the random generator; null for a random seed.</summary>
    public ulong? Seed { get; init; }

    /// <summary>Gets the texts that end the answer, also across token boundaries. The answer does not contain them.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>
    /// Gets a value indicating whether a full context is shifted: generation drops the oldest half of the tokens after the first
    /// <see cref="KeepTokens"/> and continues. If false, the answer ends.
    /// </summary>
    public bool ContextShift { get; init; }

    /// <summary>
    /// Gets the number of tokens at the start that a context shift keeps, not counting a beginning-of-sequence token; -1 for the whole
    /// prompt.
    /// </summary>
    public int KeepTokens { get; init; }

    /// <summary>
    /// Gets a value indicating whether <see cref="ModelSession.Generate"/> treats its text as a message of the user and applies the chat
    /// template. If false, or if the model has no template, the model continues the text itself.
    /// </summary>
    public bool ApplyTemplate { get; init; } = true;

    /// <summary>
    /// Gets a value indicating whether the spelling of a control token (<c>&lt;|im_end|&gt;</c>) in a raw prompt becomes its id. If false,
    /// it is plain text. A prompt is raw only if <see cref="ApplyTemplate"/> is false. In the messages of a conversation, control tokens
    /// are always plain text.
    /// </summary>
    public bool ParseSpecial { get; init; } = true;

    /// <summary>
    /// Gets a value indicating whether prompt-lookup speculation is used. It drafts the next tokens from repetitions in prompt and answer,
    /// and the model checks several drafted tokens in one pass. The answer is the same as without speculation, but comes faster if it
    /// repeats earlier text.
    /// </summary>
    public bool NgramDraft { get; init; }

    /// <summary>
    /// Gets a session of a smaller model with the same vocabulary, which drafts the next tokens (speculative decoding); null for none. The
    /// distribution of answers is the same as without it. The caller owns the session and must not use it during an answer.
    /// </summary>
    public ModelSession? DraftSession { get; init; }
}

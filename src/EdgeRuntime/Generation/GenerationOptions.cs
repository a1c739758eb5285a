using System.Collections.Generic;

namespace EdgeRuntime;

/// <summary>How an answer is sampled and where it stops. Defaults as llama.cpp's.</summary>
public sealed record GenerationOptions
{
    /// <summary>Most tokens to generate; null for no limit but the context.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>0 is greedy.</summary>
    public float Temperature { get; init; } = 0.8f;

    /// <summary>Keep the k best tokens; 0 keeps all.</summary>
    public int TopK { get; init; } = 40;

    /// <summary>Keep the best tokens up to this sum of probability; 1 keeps all.</summary>
    public float TopP { get; init; } = 0.95f;

    /// <summary>Drop tokens less probable than this share of the best one's; 0 drops none.</summary>
    public float MinP { get; init; } = 0.05f;

    /// <summary>Locally typical sampling's mass; 1 is off.</summary>
    public float TypicalP { get; init; } = 1f;

    /// <summary>Fewest tokens that top-k, typical, top-p and min-p leave.</summary>
    public int MinKeep { get; init; }

    /// <summary>Divides the positive and multiplies the negative logits of recent tokens; 1 is off.</summary>
    public float RepeatPenalty { get; init; } = 1f;

    /// <summary>Subtracted from the logits of recent tokens once; 0 is off.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Subtracted from the logits of recent tokens for each occurrence; 0 is off.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Recent tokens that the penalties look at; 0 none, -1 all of the context.</summary>
    public int RepeatLastTokens { get; init; } = 64;

    /// <summary>Added to the logits of token ids.</summary>
    public IReadOnlyDictionary<int, float> LogitBias { get; init; } = new Dictionary<int, float>();

    /// <summary>Start of the random generator; null for a random one.</summary>
    public ulong? Seed { get; init; }

    /// <summary>Texts that end the answer, also across token borders; they are not given out.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>
    /// When the context is full, drop the oldest half behind the first <see cref="KeepTokens"/> and go on, instead of stopping.
    /// </summary>
    public bool ContextShift { get; init; }

    /// <summary>Tokens at the start that a context shift keeps, a beginning-of-sequence token besides; -1 for the whole prompt.</summary>
    public int KeepTokens { get; init; }

    /// <summary>
    /// Whether <see cref="ModelSession.Generate"/> takes its text for a user's message and puts it into the model's chat template. Where
    /// the model has no template, or with false, the text is continued as it is.
    /// </summary>
    public bool ApplyTemplate { get; init; } = true;

    /// <summary>
    /// Whether control tokens that a raw prompt writes out (<c>&lt;|im_end|&gt;</c>) become their ids; with false they are plain text. Only
    /// prompts with <see cref="ApplyTemplate"/> off are raw: in the messages of a conversation control tokens are always plain text.
    /// </summary>
    public bool ParseSpecial { get; init; } = true;

    /// <summary>
    /// Prompt-lookup speculation: drafts the next tokens from repetitions in prompt and answer and has the model check several at once. The
    /// answer is the same as without; it only comes faster where it repeats.
    /// </summary>
    public bool NgramDraft { get; init; }

    /// <summary>
    /// A session of a smaller model with the same vocabulary that drafts the next tokens (speculative decoding). The answer's distribution
    /// is the same as without. The caller owns it and must not use it meanwhile; null for none.
    /// </summary>
    public ModelSession? DraftSession { get; init; }
}

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

    /// <summary>When the context is full, drop the oldest half behind the first <see cref="KeepTokens"/> and go on, instead of stopping.</summary>
    public bool ContextShift { get; init; }

    /// <summary>Tokens at the start that a context shift keeps.</summary>
    public int KeepTokens { get; init; }
}

using System.Collections.Generic;

namespace EdgeRuntime;

/// <summary>Specifies how a <see cref="Sampler"/> chooses tokens. The defaults are those of llama.cpp.</summary>
public record SamplingOptions
{
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
}

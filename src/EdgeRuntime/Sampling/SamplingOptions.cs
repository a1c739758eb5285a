using System.Collections.Generic;
using System.Globalization;

namespace EdgeRuntime;

/// <summary>Specifies how a <see cref="Sampler"/> chooses tokens. The defaults are those of llama.cpp.</summary>
/// <remarks>An option that is set to a value outside of its range throws <see cref="System.ArgumentOutOfRangeException"/>.</remarks>
public record SamplingOptions
{
    /// <summary>
    /// Gets the temperature, which divides the logits: 0 or more. 0 selects greedy decoding: always the most probable token. The default is
    /// 0.8.
    /// </summary>
    public float Temperature
    {
        get;
        init => field = OptionCheck.Require(value, value >= 0 && float.IsFinite(value), "0 or more; 0 takes the most probable token");
    } = 0.8f;

    /// <summary>Gets the number of most probable tokens to keep; 0 keeps all. The default is 40.</summary>
    public int TopK
    {
        get;
        init => field = OptionCheck.Require(value, value >= 0, "0 or more; 0 keeps all tokens");
    } = 40;

    /// <summary>
    /// Gets the sum of probabilities up to which the most probable tokens are kept: 0 to 1; 1 keeps all. The default is 0.95.
    /// </summary>
    public float TopP
    {
        get;
        init => field = OptionCheck.Require(value, value is >= 0 and <= 1, "0 to 1; 1 keeps all tokens");
    } = 0.95f;

    /// <summary>
    /// Gets the least probability of a kept token, as a share of the greatest probability: 0 to 1; 0 keeps all. The default is 0.05.
    /// </summary>
    public float MinP
    {
        get;
        init => field = OptionCheck.Require(value, value is >= 0 and <= 1, "0 to 1; 0 keeps all tokens");
    } = 0.05f;

    /// <summary>
    /// Gets the sum of probabilities that locally typical sampling keeps: 0 to 1; 1 disables it. The default is 1.
    /// </summary>
    public float TypicalP
    {
        get;
        init => field = OptionCheck.Require(value, value is >= 0 and <= 1, "0 to 1; 1 is off");
    } = 1f;

    /// <summary>Gets the least number of tokens that the steps top-k, typical, top-p and min-p keep. The default is 0.</summary>
    public int MinKeep
    {
        get;
        init => field = OptionCheck.Require(value, value >= 0, "0 or more");
    }

    /// <summary>
    /// Gets the factor that divides the positive and multiplies the negative logits of recent tokens: more than 0; 1 disables it. The
    /// default is 1.
    /// </summary>
    public float RepeatPenalty
    {
        get;
        init => field = OptionCheck.Require(value, value > 0 && float.IsFinite(value), "more than 0; 1 is off");
    } = 1f;

    /// <summary>Gets the value subtracted once from the logit of each recent token; 0, the default, disables it.</summary>
    public float PresencePenalty
    {
        get;
        init => field = OptionCheck.Require(value, float.IsFinite(value), "a number; 0 is off");
    }

    /// <summary>Gets the value subtracted from the logit of a recent token for each occurrence; 0, the default, disables it.</summary>
    public float FrequencyPenalty
    {
        get;
        init => field = OptionCheck.Require(value, float.IsFinite(value), "a number; 0 is off");
    }

    /// <summary>
    /// Gets the number of recent tokens that the penalties apply to; 0 for none, -1 for the whole context. The default is 64.
    /// </summary>
    public int RepeatLastTokens
    {
        get;
        init => field = OptionCheck.Require(value, value >= -1, "-1 (the whole context), 0 (none) or more");
    } = 64;

    /// <summary>Gets the values to add to logits, by token id; minus infinity excludes a token. The default is empty.</summary>
    public IReadOnlyDictionary<int, float> LogitBias
    {
        get;
        init => field = CheckBias(value);
    } = new Dictionary<int, float>();

    /// <summary>
    /// Gets the processors that change the logits before all other settings apply, in the order in which they run. The default is none.
    /// </summary>
    public IReadOnlyList<ILogitProcessor> LogitProcessors
    {
        get;
        init => field = OptionCheck.Require(value, value is not null, "a list, which may be empty");
    } = [];

    /// <summary>Gets the seed of the random generator; null, the default, for a random seed.</summary>
    public ulong? Seed { get; init; }

    private static IReadOnlyDictionary<int, float> CheckBias(IReadOnlyDictionary<int, float> bias)
    {
        OptionCheck.Require(bias, bias is not null, "a dictionary, which may be empty", nameof(LogitBias));
        foreach ((int token, float value) in bias!)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"LogitBias[{token}]");
            OptionCheck.Require(value, !float.IsNaN(value) && !float.IsPositiveInfinity(value), "a number or minus infinity", name);
        }

        return bias;
    }
}

using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Options;

/// <summary>
/// The options of <c>chat</c> and <c>run</c> for sampling and for the end of answers. Names and defaults follow llama.cpp.
/// </summary>
internal sealed class SamplingCommandOptions
{
    private static readonly GenerationOptions Defaults = new();

    public Option<float> Temperature { get; } = OptionFactory.Real(
        "--temp", ["--temperature"], "Temperature of sampling; 0 always takes the likeliest token", Defaults.Temperature, 0);

    public Option<int> TopK { get; } = OptionFactory.Integer(
        "--top-k", [], "Sample from the N likeliest tokens; 0: from all", Defaults.TopK, 0);

    public Option<float> TopP { get; } = OptionFactory.Real(
        "--top-p", [], "Sample from the likeliest tokens up to this sum of probability; 1: from all", Defaults.TopP, 0, 1);

    public Option<float> MinP { get; } = OptionFactory.Real(
        "--min-p", [], "Drop tokens with less than this share of the likeliest one's probability; 0: none", Defaults.MinP, 0, 1);

    public Option<float> TypicalP { get; } = OptionFactory.Real(
        "--typical", ["--typical-p"], "Locally typical sampling, sum of probability; 1: off", Defaults.TypicalP, 0, 1);

    public Option<float> RepeatPenalty { get; } = OptionFactory.Real(
        "--repeat-penalty", [],
        "Divides the positive and multiplies the negative logits of tokens that came lately; 1: off",
        Defaults.RepeatPenalty, 0.01f);

    public Option<int> RepeatLast { get; } = OptionFactory.Integer(
        "--repeat-last-n", [], "Latest tokens that the penalties look at; 0: none, -1: the whole context", Defaults.RepeatLastTokens, -1);

    public Option<float> PresencePenalty { get; } = OptionFactory.Real(
        "--presence-penalty", [],
        "Subtracted once from the logits of tokens that came lately; 0: off",
        Defaults.PresencePenalty, float.MinValue);

    public Option<float> FrequencyPenalty { get; } = OptionFactory.Real(
        "--frequency-penalty", [], "Subtracted for each time that a token came lately; 0: off", Defaults.FrequencyPenalty, float.MinValue);

    public Option<string[]> LogitBias { get; } = new("--logit-bias", "-l")
    {
        Description = "Added to a token's logit: ID+X or ID-X, such as 2-100; may be given several times [default: none]",
        HelpName = "ID+X",
    };

    public Option<long> Seed { get; } = OptionFactory.LongInteger(
        "--seed", ["-s"], "Seed of the random numbers: the same seed gives the same answer; -1: another one each time", -1, -1);

    public Option<int> MaxTokens { get; } = OptionFactory.Integer(
        "--max-tokens", ["-n", "--n-predict", "--predict"], "Most tokens of an answer; -1: until it ends or the context is full", -1, -1);

    public Option<string[]> Stop { get; } = new("--stop", "-r", "--reverse-prompt")
    {
        Description = "A text that ends the answer and is not printed; may be given several times [default: none]",
        HelpName = "TEXT",
    };

    public Option<bool> ContextShift { get; } = OptionFactory.Switch(
        "--context-shift", [], "When the context is full, forget its oldest half and go on instead of stopping");

    public Option<int> Keep { get; } = OptionFactory.Integer("--keep", [], "Tokens at the start that a context shift keeps", 0, 0);

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[Temperature, TopK, TopP, MinP, TypicalP, RepeatPenalty, RepeatLast, PresencePenalty,
            FrequencyPenalty, LogitBias, Seed, MaxTokens, Stop, ContextShift, Keep])
        {
            command.Add(option);
        }
    }

    /// <summary>Gets the options for the library. The seed is always set, so that it can be reported.</summary>
    public GenerationOptions GetOptions(ParseResult parsed) => new()
    {
        Temperature = parsed.GetValue(Temperature),
        TopK = parsed.GetValue(TopK),
        TopP = parsed.GetValue(TopP),
        MinP = parsed.GetValue(MinP),
        TypicalP = parsed.GetValue(TypicalP),
        RepeatPenalty = parsed.GetValue(RepeatPenalty),
        RepeatLastTokens = parsed.GetValue(RepeatLast),
        PresencePenalty = parsed.GetValue(PresencePenalty),
        FrequencyPenalty = parsed.GetValue(FrequencyPenalty),
        LogitBias = ParseLogitBias(parsed.GetValue(LogitBias) ?? []),
        Seed = parsed.GetValue(Seed) is >= 0 and long seed ? (ulong)seed : (ulong)Random.Shared.NextInt64(1L << 31),
        MaxTokens = parsed.GetValue(MaxTokens) is >= 0 and int tokens ? tokens : null,
        StopSequences = Array.FindAll(parsed.GetValue(Stop) ?? [], text => text.Length > 0),
        ContextShift = parsed.GetValue(ContextShift),
        KeepTokens = parsed.GetValue(Keep),
    };

    private static Dictionary<int, float> ParseLogitBias(string[] texts)
    {
        var biases = new Dictionary<int, float>();
        foreach (string text in texts)
        {
            int sign = text.AsSpan().IndexOfAny('+', '-');
            if (sign <= 0
                || !int.TryParse(text.AsSpan(0, sign), NumberStyles.None, CultureInfo.InvariantCulture, out int token)
                || !float.TryParse(text.AsSpan(sign), NumberStyles.Float, CultureInfo.InvariantCulture, out float bias))
            {
                throw new UsageException($"--logit-bias {text}: expected a token id and a signed number, such as 2-100 or 15043+1.5");
            }

            biases[token] = bias;
        }

        return biases;
    }
}

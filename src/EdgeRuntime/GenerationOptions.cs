using System;
using System.Collections.Generic;
using System.Threading;
using EdgeRuntime.Generation;

namespace EdgeRuntime;

/// <summary>Specifies how an answer is sampled and where it stops. The defaults are those of llama.cpp.</summary>
public sealed record GenerationOptions : SamplingOptions
{
    /// <summary>Gets the greatest number of tokens to generate; null, the default, for no limit other than the context.</summary>
    public int? MaxTokens
    {
        get;
        init => field = OptionCheck.Require(value, value is null or >= 0, "0 or more, or null for no limit");
    }

    /// <summary>
    /// Gets the texts that end the answer, also across token boundaries. The answer does not contain them. The default is none.
    /// </summary>
    public IReadOnlyList<string> StopSequences
    {
        get;
        init => field = CheckStops(value);
    } = [];

    /// <summary>
    /// Gets a value indicating whether a full context is shifted: generation drops the oldest half of the tokens after the first
    /// <see cref="KeepTokens"/> and continues. If false, the default, the answer ends.
    /// </summary>
    public bool ContextShift { get; init; }

    /// <summary>
    /// Gets the number of tokens at the start that a context shift keeps, not counting a beginning-of-sequence token; -1 for the whole
    /// prompt. The default is 0.
    /// </summary>
    public int KeepTokens
    {
        get;
        init => field = OptionCheck.Require(value, value >= -1, "-1 (the whole prompt) or more");
    }

    /// <summary>
    /// Gets a value indicating whether <see cref="ModelSession.Generate(string, GenerationOptions?, CancellationToken)"/> treats its text
    /// as a message of the user and applies the chat template. If false, or if the model has no template, the model continues the text
    /// itself. The default is true.
    /// </summary>
    public bool ApplyTemplate { get; init; } = true;

    /// <summary>
    /// Gets a value indicating whether the spelling of a control token (<c>&lt;|im_end|&gt;</c>) in a raw prompt becomes its id. If false,
    /// it is plain text. The default is true. A prompt is raw only if <see cref="ApplyTemplate"/> is false. In the messages of a
    /// conversation, control tokens are always plain text.
    /// </summary>
    public bool ParseSpecial { get; init; } = true;

    /// <summary>
    /// Gets a value indicating whether prompt-lookup speculation is used. It drafts the next tokens from repetitions in prompt and answer,
    /// and the model checks several drafted tokens in one pass. The answer is the same as without speculation, but comes faster if it
    /// repeats earlier text. The default is false.
    /// </summary>
    public bool NgramDraft { get; init; }

    /// <summary>
    /// Gets a session of a smaller model with the same vocabulary, which drafts the next tokens (speculative decoding); null, the default,
    /// for none. The distribution of answers is the same as without it. The caller owns the session and must not use it during an answer.
    /// </summary>
    public ModelSession? DraftSession { get; init; }

    /// <summary>
    /// Gets the sampler that chooses the tokens; null, the default, for the sampler of the library. It gets the logits of the model after
    /// the <see cref="SamplingOptions.LogitProcessors"/>; the other sampling settings of these options have no effect then.
    /// </summary>
    public ISampler? Sampler { get; init; }

    /// <summary>
    /// Gets the number of most probable tokens whose log probabilities are reported with each token, besides that of the token itself;
    /// null, the default, for no log probabilities. They are those of the model, before any sampling setting applies.
    /// </summary>
    public int? LogProbabilities
    {
        get;
        init => field = OptionCheck.Require(value, value is null or >= 0, "0 or more, or null for none");
    }

    private static IReadOnlyList<string> CheckStops(IReadOnlyList<string> stops)
    {
        OptionCheck.Require(stops, stops is not null, "a list, which may be empty", nameof(StopSequences));
        for (int i = 0; i < stops!.Count; i++)
        {
            OptionCheck.Require(
                stops[i], !string.IsNullOrEmpty(stops[i]), "at least one character", FormattableString.Invariant($"StopSequences[{i}]"));
        }

        return stops;
    }

    /// <summary>Creates the object that turns conversations into prompts with these options.</summary>
    internal ChatPrompt CreatePrompt(Tokenizer tokenizer, ChatTemplate? template) => ApplyTemplate
        ? new ChatPrompt(tokenizer, template)
        : new ChatPrompt(tokenizer, null, ParseSpecial);
}

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text.Json.Nodes;

namespace EdgeRuntime.Cli.Chat;

/// <summary>An answer and its cost.</summary>
/// <param name="Tokens">Ids of the generated tokens, including an end-of-generation token.</param>
/// <param name="Result">The text, the finish reason, counts and times.</param>
internal sealed record Answer(IReadOnlyList<int> Tokens, GenerationResult Result)
{
    /// <summary>Gets the line that is shown below an answer.</summary>
    public string Summary => string.Create(
        CultureInfo.InvariantCulture,
        $"prompt {Usage.PromptTokens - Usage.CachedPromptTokens} tokens, {Timings.PrefillTokensPerSecond:F1} tok/s; "
        + $"generated {Usage.GeneratedTokens} tokens, {Timings.DecodeTokensPerSecond:F1} tok/s; "
        + $"first token after {Timings.TimeToFirstToken.TotalSeconds:F2} s");

    /// <summary>Gets the reason why the answer ended, as written in JSON.</summary>
    public string StopReason => Result.FinishReason switch
    {
        FinishReason.Stop => "end",
        FinishReason.StopSequence => "stop",
        FinishReason.Length => "length",
        FinishReason.ContextFull => "context",
        _ => "cancelled",
    };

    private GenerationUsage Usage => Result.Usage;

    private GenerationTimings Timings => Result.Timings;

    /// <summary>Computes an answer, until its end or until it is cancelled, and writes its text as soon as it is certain.</summary>
    /// <param name="stream">The answer.</param>
    /// <param name="write">Receives the pieces of the text.</param>
    public static Answer Stream(GenerationStream stream, Action<string> write)
    {
        var tokens = new List<int>();
        int written = 0;
        try
        {
            foreach (GeneratedToken token in stream)
            {
                tokens.Add(token.Id);
                if (token.Text.Length > 0)
                {
                    write(token.Text);
                    written += token.Text.Length;
                }
            }
        }
        catch (OperationCanceledException) when (stream.Result is { FinishReason: FinishReason.Cancelled } result)
        {
            write(result.Text[written..]); // held back, because a stop sequence could have followed
        }

        return new Answer(tokens, stream.Result!);
    }

    public JsonObject TimingsJson(TimeSpan load) => new()
    {
        ["load_seconds"] = load.TotalSeconds,
        ["prefill_seconds"] = Timings.Prefill.TotalSeconds,
        ["prefill_tokens_per_second"] = Timings.PrefillTokensPerSecond,
        ["decode_seconds"] = Timings.Decode.TotalSeconds,
        ["decode_tokens_per_second"] = Timings.DecodeTokensPerSecond,
        ["time_to_first_token_seconds"] = Timings.TimeToFirstToken.TotalSeconds,
    };
}

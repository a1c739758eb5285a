using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace EdgeRuntime.Cli.Chat;

/// <summary>An answer and its cost.</summary>
/// <param name="Text">The text of the answer.</param>
/// <param name="Tokens">Ids of the generated tokens, an end-of-generation token included.</param>
/// <param name="Cost">Counts and times.</param>
internal sealed record Answer(string Text, IReadOnlyList<int> Tokens, GenerationResult Cost)
{
    /// <summary>Gets the line that is shown below an answer.</summary>
    public string Summary => string.Create(
        CultureInfo.InvariantCulture,
        $"prompt {Cost.PromptTokens - Cost.CachedPromptTokens} tokens, {Cost.PrefillTokensPerSecond:F1} tok/s; "
        + $"generated {Cost.GeneratedTokens} tokens, {Cost.DecodeTokensPerSecond:F1} tok/s; "
        + $"first token after {Cost.TimeToFirstTokenSeconds:F2} s");

    /// <summary>Gets the reason why the answer ended, as written in JSON.</summary>
    public string StopReason => Cost.StopReason switch
    {
        EdgeRuntime.StopReason.EndOfGeneration => "end",
        EdgeRuntime.StopReason.StopText => "stop",
        EdgeRuntime.StopReason.MaxTokens => "length",
        EdgeRuntime.StopReason.ContextFull => "context",
        _ => "cancelled",
    };

    /// <summary>Computes a whole answer and writes each piece as soon as it is complete.</summary>
    /// <param name="chat">The conversation that the answer belongs to.</param>
    /// <param name="pieces">The pieces of the answer.</param>
    /// <param name="write">Receives the text of each piece.</param>
    public static Answer Stream(ChatSession chat, IEnumerable<GeneratedToken> pieces, Action<string> write)
    {
        var text = new StringBuilder();
        var tokens = new List<int>();
        foreach (GeneratedToken piece in pieces)
        {
            if (piece.Id >= 0)
            {
                tokens.Add(piece.Id);
            }

            if (piece.Text.Length > 0)
            {
                text.Append(piece.Text);
                write(piece.Text);
            }
        }

        return new Answer(text.ToString(), tokens, chat.Result!);
    }

    public JsonObject TimingsJson(TimeSpan load) => new()
    {
        ["load_seconds"] = load.TotalSeconds,
        ["prefill_seconds"] = Cost.PrefillSeconds,
        ["prefill_tokens_per_second"] = Cost.PrefillTokensPerSecond,
        ["decode_seconds"] = Cost.DecodeSeconds,
        ["decode_tokens_per_second"] = Cost.DecodeTokensPerSecond,
        ["time_to_first_token_seconds"] = Cost.TimeToFirstTokenSeconds,
    };
}

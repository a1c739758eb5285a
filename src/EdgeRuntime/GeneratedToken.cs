using System.Collections.Generic;

namespace EdgeRuntime;

/// <summary>Represents one token of an answer.</summary>
/// <param name="Id">The token id.</param>
/// <param name="Text">
/// The text that has become certain. It is usually the text of the token. It is empty inside a character and while a stop sequence may
/// follow, and then contains the text of several tokens.
/// </param>
/// <param name="IsLast">Whether the answer ends with this token.</param>
public readonly record struct GeneratedToken(int Id, string Text, bool IsLast)
{
    /// <summary>
    /// Gets the natural logarithm of the probability of the token, before any sampling setting applies; null without
    /// <see cref="GenerationOptions.LogProbabilities"/>.
    /// </summary>
    public float? LogProbability { get; init; }

    /// <summary>
    /// Gets the most probable tokens at this position with their log probabilities, best first; empty without
    /// <see cref="GenerationOptions.LogProbabilities"/>.
    /// </summary>
    public IReadOnlyList<TokenLogProbability> TopLogProbabilities { get => field ?? []; init; }

    /// <summary>Returns <see cref="Text"/>.</summary>
    /// <returns>The text of the token.</returns>
    public override string ToString() => Text ?? "";
}

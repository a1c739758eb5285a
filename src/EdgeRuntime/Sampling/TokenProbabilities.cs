using System.Collections.Generic;

namespace EdgeRuntime.Sampling;

/// <summary>The log probabilities at the position of a chosen token.</summary>
/// <param name="Chosen">The log probability of the chosen token.</param>
/// <param name="Top">The most probable tokens, best first.</param>
internal sealed record TokenProbabilities(float Chosen, IReadOnlyList<TokenLogProbability> Top);

namespace EdgeRuntime;

/// <summary>A token and the natural logarithm of its probability.</summary>
/// <param name="Id">The token id.</param>
/// <param name="LogProbability">The log probability, at most 0; minus infinity for an impossible token.</param>
public readonly record struct TokenLogProbability(int Id, float LogProbability);

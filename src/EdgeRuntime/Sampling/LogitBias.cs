using System;
using System.Collections.Generic;
using System.Globalization;

namespace EdgeRuntime.Sampling;

/// <summary>Adds to the logits of single tokens; minus infinity excludes a token.</summary>
internal sealed class LogitBias : SamplingStep
{
    private readonly KeyValuePair<int, float>[] _bias;

    public LogitBias(IReadOnlyDictionary<int, float> bias, int vocabularySize)
    {
        _bias = [.. bias];
        foreach ((int token, _) in _bias)
        {
            if (token < 0 || token >= vocabularySize)
            {
                throw new ArgumentException(string.Create(
                    CultureInfo.InvariantCulture, $"LogitBias has token {token}; expected ids from 0 to {vocabularySize - 1}"));
            }
        }
    }

    public override void Apply(Candidates candidates)
    {
        Span<float> logits = candidates.Logits;
        foreach ((int token, float value) in _bias)
        {
            logits[token] = Math.Min(logits[token] + value, float.MaxValue);
        }
    }
}

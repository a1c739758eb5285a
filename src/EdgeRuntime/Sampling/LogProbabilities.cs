using System;
using System.Collections.Generic;

namespace EdgeRuntime.Sampling;

/// <summary>
/// Computes the log probabilities of chosen tokens and of the most probable ones, from the logits of the model before any step changes
/// them. Speculation chooses several tokens before the caller takes the first one, so the results wait in a queue.
/// </summary>
/// <param name="vocabularySize">The number of logits per position.</param>
/// <param name="top">The number of most probable tokens in each result.</param>
internal sealed class LogProbabilities(int vocabularySize, int top)
{
    private readonly Candidates _candidates = new(vocabularySize);
    private readonly Queue<TokenProbabilities> _results = [];

    /// <summary>Loads the logits from which the next token is chosen, [vocabulary].</summary>
    public void Load(ReadOnlySpan<float> logits) => _candidates.Load(logits);

    /// <summary>Computes the result for the token that was chosen from the loaded logits.</summary>
    public void Record(int token)
    {
        double logSum = _candidates.Best() + Math.Log(_candidates.ComputeWeights());
        float chosen = (float)(_candidates.Logits[token] - logSum);
        var best = new TokenLogProbability[Math.Min(top, vocabularySize)];
        if (best.Length > 0)
        {
            _candidates.KeepBest(best.Length);
            int count = 0;
            foreach (ulong key in _candidates.SortedKeys())
            {
                best[count++] = new TokenLogProbability(CandidateKey.Id(key), (float)(CandidateKey.Logit(key) - logSum));
            }

            Array.Resize(ref best, count); // tokens that the model excludes are no candidates
        }

        _results.Enqueue(new TokenProbabilities(chosen, best));
    }

    /// <summary>Removes the result of the earliest token.</summary>
    public TokenProbabilities Take() => _results.Dequeue();

    /// <summary>Removes all results.</summary>
    public void Clear() => _results.Clear();
}

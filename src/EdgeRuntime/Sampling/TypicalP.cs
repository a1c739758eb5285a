using System;

namespace EdgeRuntime.Sampling;

/// <summary>
/// Locally typical sampling (arXiv 2202.00666): keeps the tokens whose information content is closest to the entropy until their
/// probabilities exceed p.
/// </summary>
/// <remarks>
/// With the information content -log p(i) = log Z - x(i) and the entropy H = log Z - E[x], the distance | -log p(i) - H | is
/// | x(i) - E[x] |, so no logarithm is needed.
/// </remarks>
internal sealed class TypicalP(double p, int minKeep) : SamplingStep
{
    public override void Apply(Candidates candidates)
    {
        double sum = candidates.ComputeWeights();

        // llama.cpp stops when the sum is greater than p; for top-p it stops when the sum is at least p.
        candidates.KeepMassAround(candidates.MeanLogit(sum), Math.BitIncrement(p * sum), minKeep);
    }
}

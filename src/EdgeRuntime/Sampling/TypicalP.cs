using System;

namespace EdgeRuntime.Sampling;

/// <summary>
/// Locally typical sampling (arXiv 2202.00666): keeps the tokens whose information is nearest to the entropy until their probabilities pass
/// p.
/// </summary>
/// <remarks>
/// With information -log p(i) = log Z - x(i) and entropy log Z - E[x], the distance | -log p(i) - H | is | x(i) - E[x] |: no logarithm is
/// needed.
/// </remarks>
internal sealed class TypicalP(double p, int minKeep) : SamplingStep
{
    public override void Apply(Candidates candidates)
    {
        double sum = candidates.ComputeWeights();

        // llama.cpp stops when the sum is greater than p, top-p when it is equal or greater.
        candidates.KeepMassAround(candidates.MeanLogit(sum), Math.BitIncrement(p * sum), minKeep);
    }
}

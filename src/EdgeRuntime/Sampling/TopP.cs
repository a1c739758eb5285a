namespace EdgeRuntime.Sampling;

/// <summary>Nucleus sampling: keeps the smallest set of best tokens whose probabilities reach p (arXiv 1904.09751).</summary>
internal sealed class TopP(double p, int minKeep) : SamplingStep
{
    public override void Apply(Candidates candidates)
    {
        double sum = candidates.ComputeWeights();
        if (candidates.IsWhole && p > 0)
        {
            // Tokens below (1 - p) / n have less than 1 - p in all, so that the nucleus is among the others: few, as a rule. The half is for
            // rounding errors.
            double least = 0.5 * (1 - p) * sum / candidates.Count;
            candidates.KeepAtLeast((float)(candidates.Best() + DeterministicMath.Log(least)), minKeep);
        }

        candidates.KeepMass(p * sum, minKeep);
    }
}

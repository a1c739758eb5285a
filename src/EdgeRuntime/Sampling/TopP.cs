namespace EdgeRuntime.Sampling;

/// <summary>Nucleus sampling: keeps the smallest set of best tokens whose probabilities reach p (arXiv 1904.09751).</summary>
internal sealed class TopP(double p, int minKeep) : SamplingStep
{
    public override void Apply(Candidates candidates) => candidates.KeepMass(p * candidates.ComputeWeights(), minKeep);
}

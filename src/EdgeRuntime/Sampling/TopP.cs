namespace EdgeRuntime.Sampling;

/// <summary>Nucleus sampling (arXiv 1904.09751): keeps the smallest set of best tokens whose probabilities sum to at least p.</summary>
internal sealed class TopP(double p, int minKeep) : SamplingStep
{
    public override void Apply(Candidates candidates) => candidates.KeepMass(p * candidates.ComputeWeights(), minKeep);
}

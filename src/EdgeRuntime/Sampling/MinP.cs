namespace EdgeRuntime.Sampling;

/// <summary>Keeps the tokens with at least p times the probability of the best one (arXiv 2407.01082).</summary>
internal sealed class MinP(double p, int minKeep) : SamplingStep
{
    private readonly double _distance = DeterministicMath.Log(p);

    public override void Apply(Candidates candidates) => candidates.KeepAtLeast((float)(candidates.Best() + _distance), minKeep);
}

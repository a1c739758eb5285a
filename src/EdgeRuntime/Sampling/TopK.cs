namespace EdgeRuntime.Sampling;

/// <summary>Keeps the k best tokens.</summary>
internal sealed class TopK(int k) : SamplingStep
{
    public override void Apply(Candidates candidates) => candidates.KeepBest(k);
}

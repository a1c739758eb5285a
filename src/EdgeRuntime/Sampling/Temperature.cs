namespace EdgeRuntime.Sampling;

/// <summary>Divides the logits: below 1 the better tokens gain, above 1 the worse ones.</summary>
internal sealed class Temperature(float temperature) : SamplingStep
{
    public override void Apply(Candidates candidates) => candidates.Divide(temperature);
}

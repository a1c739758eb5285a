namespace EdgeRuntime.Sampling;

/// <summary>Divides the logits. Values below 1 favor better tokens, values above 1 favor worse ones.</summary>
internal sealed class Temperature(float temperature) : SamplingStep
{
    public override void Apply(Candidates candidates) => candidates.Divide(temperature);
}

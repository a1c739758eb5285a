using System;

namespace EdgeRuntime.Sampling;

/// <summary>
/// One step of a sampler: changes logits, or drops candidates. One object serves one sampler; it allocates nothing per token.
/// </summary>
internal abstract class SamplingStep
{
    /// <summary>Does the step's work; at least one candidate must remain.</summary>
    public abstract void Apply(Candidates candidates);

    /// <summary>Starts anew behind <paramref name="tokens"/>; only steps that look back care.</summary>
    public virtual void Reset(ReadOnlySpan<int> tokens)
    {
    }

    /// <summary>Hears of a token that was appended.</summary>
    public virtual void Accept(int token)
    {
    }
}

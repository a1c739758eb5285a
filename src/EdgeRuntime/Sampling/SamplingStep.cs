using System;

namespace EdgeRuntime.Sampling;

/// <summary>
/// The base of sampler steps, which change logits or remove candidates. A step belongs to one sampler and does not allocate per token.
/// </summary>
internal abstract class SamplingStep
{
    /// <summary>Applies the step. At least one candidate must remain.</summary>
    public abstract void Apply(Candidates candidates);

    /// <summary>Resets the step to the history <paramref name="tokens"/>. Only steps that use the history override this.</summary>
    public virtual void Reset(ReadOnlySpan<int> tokens)
    {
    }

    /// <summary>Records a token that was appended.</summary>
    public virtual void Accept(int token)
    {
    }
}

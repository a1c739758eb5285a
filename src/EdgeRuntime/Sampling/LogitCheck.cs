using System;
using System.Globalization;
using System.Numerics.Tensors;

namespace EdgeRuntime.Sampling;

/// <summary>Checks that a token can be chosen from logits.</summary>
internal static class LogitCheck
{
    /// <summary>Gets the best logit.</summary>
    /// <param name="logits">[vocabulary].</param>
    /// <param name="source">The source of the logits, with a verb: "the model computed".</param>
    /// <param name="remedy">What to do about a logit that is NaN or infinity.</param>
    /// <exception cref="SamplingException">A logit is NaN or infinity, or every token is excluded.</exception>
    public static float RequireBest(ReadOnlySpan<float> logits, string source, string remedy)
    {
        // The maximum is NaN if any element is NaN.
        float best = TensorPrimitives.Max(logits);
        if (float.IsFinite(best))
        {
            return best;
        }

        if (float.IsNegativeInfinity(best))
        {
            throw NoTokenLeft();
        }

        int token = 0;
        while (!float.IsNaN(logits[token]) && !float.IsPositiveInfinity(logits[token]))
        {
            token++;
        }

        throw new SamplingException(
            string.Create(CultureInfo.InvariantCulture, $"{source} {best} as the logit of token {token}: {remedy}"));
    }

    /// <summary>Creates the exception for logits that exclude every token.</summary>
    public static SamplingException NoTokenLeft() =>
        new("no token is left to choose: every logit is minus infinity (excluded by LogitBias, a logit processor or the model)");
}

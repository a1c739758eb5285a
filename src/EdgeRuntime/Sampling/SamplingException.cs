namespace EdgeRuntime;

/// <summary>
/// The exception that is thrown when no token can be chosen: the logits contain infinity or NaN, every token is excluded, or a custom
/// sampler returned something that is not a token id.
/// </summary>
public sealed class SamplingException : EdgeRuntimeException
{
    /// <param name="message">One line: what was found, what was expected, and what to do.</param>
    public SamplingException(string message)
        : base(message)
    {
    }
}

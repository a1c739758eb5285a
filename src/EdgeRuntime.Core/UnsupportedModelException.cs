namespace EdgeRuntime;

/// <summary>The exception that is thrown for a well-formed model that this build cannot run. The message lists what is supported.</summary>
public sealed class UnsupportedModelException : EdgeRuntimeException
{
    /// <param name="message">One line: what is not supported, and what is.</param>
    public UnsupportedModelException(string message)
        : base(message)
    {
    }
}

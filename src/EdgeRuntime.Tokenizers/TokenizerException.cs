namespace EdgeRuntime;

/// <summary>
/// The exception that is thrown for an unsupported tokenizer model or pre-tokenizer. The message lists the supported ones.
/// </summary>
internal sealed class TokenizerException : EdgeRuntimeException
{
    /// <param name="message">One line: what is not supported, and what is.</param>
    public TokenizerException(string message)
        : base(message)
    {
    }
}

using System;

namespace EdgeRuntime.Tokenizers;

/// <summary>A vocabulary that asks for a tokenizer model or pre-tokenizer without support; the message names what is supported.</summary>
public sealed class TokenizerException : Exception
{
    /// <param name="message">What is not supported and what is: one line.</param>
    public TokenizerException(string message)
        : base(message)
    {
    }
}

using System;

namespace EdgeRuntime.Tokenizers;

/// <summary>A chat template that can't be parsed or rendered.</summary>
public sealed class ChatTemplateException : Exception
{
    /// <param name="message">What is wrong, with line and column where known: one line.</param>
    public ChatTemplateException(string message)
        : base(message)
    {
    }
}

using System;

namespace EdgeRuntime;

/// <summary>A well-formed model that this build can't run; the message names what is supported instead.</summary>
public sealed class UnsupportedModelException : Exception
{
    /// <param name="message">What is not supported and what is: one line.</param>
    public UnsupportedModelException(string message)
        : base(message)
    {
    }
}

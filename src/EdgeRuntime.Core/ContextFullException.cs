using System;

namespace EdgeRuntime;

/// <summary>The tokens do not fit into the session's context.</summary>
public sealed class ContextFullException : Exception
{
    /// <param name="length">Positions in use.</param>
    /// <param name="requested">Tokens to add.</param>
    /// <param name="contextLength">Positions in all.</param>
    public ContextFullException(int length, int requested, int contextLength)
        : base($"the context is full: {length} positions in use, {requested} more asked for, {contextLength} in all; use a longer context (--ctx), a shorter prompt, or context shift")
    {
        ContextLength = contextLength;
    }

    /// <summary>Positions in all.</summary>
    public int ContextLength { get; }
}

namespace EdgeRuntime;

/// <summary>The exception that is thrown when tokens do not fit into the session's context.</summary>
public sealed class ContextFullException : EdgeRuntimeException
{
    /// <param name="length">The number of positions in use.</param>
    /// <param name="requested">The number of tokens to add.</param>
    /// <param name="contextLength">The capacity of the context, in positions.</param>
    public ContextFullException(int length, int requested, int contextLength)
        : base($"the context is full: {length} positions in use, {requested} more requested, {contextLength} in all; "
            + "use a longer context (SessionOptions.ContextLength), a shorter prompt, or GenerationOptions.ContextShift")
    {
        ContextLength = contextLength;
    }

    /// <summary>Gets the capacity of the context, in positions.</summary>
    public int ContextLength { get; }
}

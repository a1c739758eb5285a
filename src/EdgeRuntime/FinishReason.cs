namespace EdgeRuntime;

/// <summary>Specifies why an answer ended.</summary>
public enum FinishReason
{
    /// <summary>The model generated an end-of-generation token: the answer is complete.</summary>
    Stop,

    /// <summary>The model generated one of <see cref="GenerationOptions.StopSequences"/>, which is not part of the text.</summary>
    StopSequence,

    /// <summary>The answer has <see cref="GenerationOptions.MaxTokens"/> tokens.</summary>
    Length,

    /// <summary>The context of the session is full. The log has a warning.</summary>
    ContextFull,

    /// <summary>The caller cancelled the answer or left the enumeration early, or an exception ended the answer.</summary>
    Cancelled,
}

namespace EdgeRuntime.ToolCalls;

/// <summary>Says why a text is not a tool call. It never leaves the parser.</summary>
/// <param name="reason">What is wrong with the call, as the end of a sentence that starts with "it".</param>
/// <param name="isPlainText">Whether the text was not meant as a call, so that it needs no warning.</param>
internal sealed class MalformedCallException(string reason, bool isPlainText = false) : EdgeRuntimeException(reason)
{
    /// <summary>Gets a value indicating whether the text was not meant as a call.</summary>
    public bool IsPlainText => isPlainText;
}

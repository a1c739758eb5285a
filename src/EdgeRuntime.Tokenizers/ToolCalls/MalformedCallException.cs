namespace EdgeRuntime.ToolCalls;

/// <summary>Says why a text is not a tool call. It never leaves the parser.</summary>
/// <param name="reason">What is wrong with the call, as the end of a sentence that starts with "it".</param>
internal sealed class MalformedCallException(string reason) : EdgeRuntimeException(reason);
